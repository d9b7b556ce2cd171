"""`acount()` and `aexists()` of a many-to-many relation join a table that `count()` and `exists()` leave out."""

import asyncio
import os
import tempfile

import django
from django.conf import settings

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}
settings.configure(DATABASES={"default": DATABASE}, INSTALLED_APPS=["__main__"])
django.setup()
from asgiref.sync import sync_to_async
from django.db import connection, models


class Tag(models.Model):
    pass


class Post(models.Model):
    tags = models.ManyToManyField(Tag)


async def main():
    await sync_to_async(lambda: setattr(connection, "force_debug_cursor", True))()
    await post.tags.acount()
    return await sync_to_async(lambda: connection.queries[-1]["sql"])()


with connection.schema_editor() as editor:
    editor.create_model(Tag)
    editor.create_model(Post)
post = Post.objects.create()
connection.force_debug_cursor = True
post.tags.count()
print("sync: ", connection.queries[-1]["sql"])
print("async:", asyncio.run(main()))

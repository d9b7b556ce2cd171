"""The rows of an ordered part of a union cannot be counted, unless it asks for its columns by name."""

import asyncio
import os
import tempfile

import django
from django.conf import settings

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}
settings.configure(DATABASES={"default": DATABASE}, INSTALLED_APPS=["__main__"])
django.setup()
from django.db import connection, models


class Post(models.Model):
    views = models.IntegerField()


async def main(rows):
    try:
        return await rows.acount()
    except Exception as error:
        return type(error).__name__


with connection.schema_editor() as editor:
    editor.create_model(Post)
for views in (1, 2, 3):
    Post.objects.create(views=views)
first = Post.objects.union(Post.objects.all()).order_by("-views", "pk")[:2]
print("rows:   ", len(first))
print("counted:", asyncio.run(main(first.all())))

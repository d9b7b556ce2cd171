"""Reading one field again drops a related object that is cached and was not asked for."""

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
    title = models.TextField()


class Review(models.Model):
    post = models.OneToOneField(Post, models.CASCADE)


async def main():
    post = await Post.objects.select_related("review").aget()
    print("cached, as it was read:", sorted(post._state.fields_cache))
    await post.arefresh_from_db(fields=["title"])
    print("cached, the title read:", sorted(post._state.fields_cache))


with connection.schema_editor() as editor:
    editor.create_model(Post)
    editor.create_model(Review)
Review.objects.create(post=Post.objects.create())
asyncio.run(main())

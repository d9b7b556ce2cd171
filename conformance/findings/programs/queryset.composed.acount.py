"""The rows of a queryset cannot be counted where a count of related rows is all that `values_list()` names."""

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


class Comment(models.Model):
    post = models.ForeignKey(Post, models.CASCADE, related_name="comments")


async def main(rows):
    try:
        return await rows.acount()
    except Exception as error:
        return type(error).__name__


with connection.schema_editor() as editor:
    editor.create_model(Post)
    editor.create_model(Comment)
Post.objects.create(title="a post")
counted = Post.objects.annotate(n=models.Count("comments")).values_list("n")
print("rows:   ", len(counted))
print("counted:", asyncio.run(main(counted.all())))

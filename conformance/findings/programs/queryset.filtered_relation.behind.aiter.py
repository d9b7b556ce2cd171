"""A relation behind a `FilteredRelation` whose condition asks for it too is not joined."""

import asyncio
import os
import tempfile

import django
from django.conf import settings

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}
settings.configure(DATABASES={"default": DATABASE}, INSTALLED_APPS=["__main__"])
django.setup()
from django.db import connection, models


class User(models.Model):
    name = models.TextField()


class Post(models.Model): ...


class Comment(models.Model):
    post = models.ForeignKey(Post, models.CASCADE, related_name="comments")
    author = models.ForeignKey(User, models.CASCADE, null=True)


async def main(condition):
    signed = models.FilteredRelation("comments", condition=condition)
    try:
        return [row.name async for row in Post.objects.annotate(signed=signed, name=models.F("signed__author__name"))]
    except Exception as error:
        return type(error).__name__


with connection.schema_editor() as editor:
    [editor.create_model(model) for model in (User, Post, Comment)]
Comment.objects.create(post=Post.objects.create(), author=User.objects.create(name="ada"))
print("by the column:  ", asyncio.run(main(models.Q(comments__pk__gt=0))))
print("by the relation:", asyncio.run(main(models.Q(comments__author__isnull=False))))

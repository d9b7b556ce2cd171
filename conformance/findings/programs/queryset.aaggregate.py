"""An expression over aggregates of no rows crashes where the rows are an empty slice."""

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
    few = models.Sum("views", filter=models.Q(views__lt=10))
    try:
        return await rows.aaggregate(total=few - models.Count("pk"))
    except Exception as error:
        return type(error).__name__


with connection.schema_editor() as editor:
    editor.create_model(Post)
print("none, by a condition:", asyncio.run(main(Post.objects.filter(pk=0))))
print("none, by a slice:    ", asyncio.run(main(Post.objects.order_by("pk")[2:2])))

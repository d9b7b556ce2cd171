"""`in_bulk()` of values loses the annotations among them, unless the key is one of the values."""

import asyncio
import os
import tempfile

import django
from django.conf import settings

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}
settings.configure(DATABASES={"default": DATABASE}, INSTALLED_APPS=["__main__"])
django.setup()
from django.db import connection, models


class Draft(models.Model):
    priority = models.IntegerField()


async def main():
    return await drafts.ain_bulk()


with connection.schema_editor() as editor:
    editor.create_model(Draft)
Draft.objects.create(priority=1)
drafts = Draft.objects.annotate(more=models.F("priority") + 1).values("priority", "more")
print("values: ", {1: drafts.get()})
print("in bulk:", asyncio.run(main()))

"""`exclude()` by a generated column leaves out the rows in which it is NULL."""

import asyncio
import os
import tempfile

import django
from django.conf import settings

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}
settings.configure(DATABASES={"default": DATABASE}, INSTALLED_APPS=["__main__"])
django.setup()
from django.db import connection, models


class Parcel(models.Model):
    pieces = models.IntegerField(null=True)
    twice = models.GeneratedField(
        expression=models.F("pieces") * 2, output_field=models.IntegerField(null=True), db_persist=True
    )


async def main(**lookup):
    return [parcel.pk async for parcel in Parcel.objects.exclude(**lookup)]


with connection.schema_editor() as editor:
    editor.create_model(Parcel)
Parcel.objects.create()
print("by what it is computed of:", asyncio.run(main(pieces=1)))
print("by the computed column:   ", asyncio.run(main(twice=2)))

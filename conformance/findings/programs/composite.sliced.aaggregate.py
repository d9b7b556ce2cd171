"""An aggregate of a part of the rows crashes on a filter by a composite primary key."""

import asyncio
import os
import tempfile

import django
from django.conf import settings

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}
settings.configure(DATABASES={"default": DATABASE}, INSTALLED_APPS=["__main__"])
django.setup()
from django.db import connection, models


class Seat(models.Model):
    pk = models.CompositePrimaryKey("hall", "number")
    hall, number = models.IntegerField(), models.IntegerField()


async def main():
    count = models.Count("pk", filter=models.Q(pk__in=[(1, 1)]))
    try:
        return await Seat.objects.order_by("pk")[:2].aaggregate(n=count)
    except Exception as error:
        return type(error).__name__


with connection.schema_editor() as editor:
    editor.create_model(Seat)
for number in (1, 2, 3):
    Seat.objects.create(hall=1, number=number)
print("of the first two:", {"n": 1})
print("given:           ", asyncio.run(main()))

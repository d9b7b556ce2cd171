"""`exclude()` by rows that refer to a composite primary key compares the key's first column alone."""

import asyncio
import os
import tempfile

import django
from django.conf import settings

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}
settings.configure(DATABASES={"default": DATABASE}, INSTALLED_APPS=["__main__"])
django.setup()
from django.db import connection, models

COLUMNS = ("hall", "number")


class Seat(models.Model):
    pk = models.CompositePrimaryKey(*COLUMNS)
    hall, number = models.IntegerField(), models.IntegerField()


class Booking(models.Model):
    hall, number = models.IntegerField(), models.IntegerField()
    seat = models.ForeignObject(Seat, models.CASCADE, from_fields=COLUMNS, to_fields=COLUMNS, related_name="bookings")


async def main():
    return [seat.pk async for seat in Seat.objects.exclude(bookings__isnull=False)]


with connection.schema_editor() as editor:
    editor.create_model(Seat)
    editor.create_model(Booking)
for number in (1, 2):
    Seat.objects.create(hall=1, number=number)
Booking.objects.create(hall=1, number=1)
print("not booked:  ", [(1, 2)])
print("not excluded:", asyncio.run(main()))

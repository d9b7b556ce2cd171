"""An order by one of several values is one by another column where a composite primary key is among them."""

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
    hall, number, price = models.IntegerField(), models.IntegerField(), models.IntegerField()


async def main():
    return [values["price"] async for values in Seat.objects.values("pk", "price").order_by("price")]


with connection.schema_editor() as editor:
    editor.create_model(Seat)
for number in (1, 2):
    Seat.objects.create(hall=1, number=number, price=-number)
print("in order:", [-2, -1])
print("given:   ", asyncio.run(main()))

"""`bulk_update()` sends `DEFAULT` inside of `CASE` for a default of the database: PostgreSQL and MariaDB refuse it.

It needs a PostgreSQL server, which PGHOST and the others name.
"""

import asyncio
import os

import django
from django.conf import settings

PLACE = {"HOST": os.environ.get("PGHOST", "127.0.0.1"), "USER": os.environ.get("PGUSER", "postgres")}
DATABASE = {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ.get("PGDATABASE", "postgres"), **PLACE}
settings.configure(DATABASES={"default": DATABASE}, INSTALLED_APPS=["__main__"])
django.setup()
from django.db import connection, models


class Draft(models.Model):
    title = models.CharField(max_length=9, db_default="untitled")


async def main():
    try:
        await Draft.objects.abulk_update([Draft(pk=1)], ["title"])
    except django.db.ProgrammingError as error:
        return str(error).splitlines()[0]
    return await Draft.objects.values_list("title", flat=True).aget()


with connection.schema_editor() as editor:
    editor.create_model(Draft)
Draft.objects.create(pk=1, title="old")
updated = asyncio.run(main())
Draft(pk=1).save()
print("save:       ", Draft.objects.values_list("title", flat=True).get())
print("bulk_update:", updated)
with connection.schema_editor() as editor:
    editor.delete_model(Draft)

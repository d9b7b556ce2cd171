"""`aget_many()` of the database cache sends a query for each key, where `get_many()` sends one for all."""

import asyncio
import os
import tempfile

import django
from django.conf import settings

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}
CACHE = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "entries"}
settings.configure(DATABASES={"default": DATABASE}, CACHES={"default": CACHE}, USE_TZ=True)
django.setup()
from django.core.cache import cache
from django.core.management import call_command
from django.db.backends.signals import connection_created

sent: list[str] = []


def note(execute, sql, *rest):
    sent.append(sql)
    return execute(sql, *rest)


call_command("createcachetable", verbosity=0)
connection_created.connect(lambda connection, **kwargs: connection.execute_wrappers.append(note), weak=False)
asyncio.run(cache.aget_many(["a", "b", "c"]))
found = len(sent)
sent.clear()
django.db.connection.close()
cache.get_many(["a", "b", "c"])
print("sync:  queries:", len(sent))
print("async: queries:", found)

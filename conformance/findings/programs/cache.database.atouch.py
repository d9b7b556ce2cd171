"""`touch()` and `atouch()` of the database cache revive an entry that has expired, and say that it was there."""

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

call_command("createcachetable", verbosity=0)


async def main():
    await cache.aset("key", "expired", timeout=-1)
    return await cache.atouch("key", 60), await cache.aget("key")


print("expected: touched, found:", (False, None))
print("observed: touched, found:", asyncio.run(main()))

"""`touch()` and `atouch()` of the file-based cache raise where the entry has expired."""

import asyncio
import tempfile
import time

import django
from django.conf import settings

settings.configure()
django.setup()
from django.core.cache.backends.filebased import FileBasedCache


async def main():
    cache = FileBasedCache(tempfile.mkdtemp(), {})
    await cache.aset("key", "a value", timeout=0.001)
    time.sleep(0.01)
    try:
        return await cache.atouch("key", 60)
    except Exception as error:
        return repr(error)


print("expected: touched:", False)
print("observed: touched:", asyncio.run(main()))

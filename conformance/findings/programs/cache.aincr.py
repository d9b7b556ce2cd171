"""`aincr()` of the local-memory cache resets when the entry ends, which `incr()` keeps."""

import asyncio
import time

import django
from django.conf import settings

settings.configure()
django.setup()
from django.core.cache.backends.locmem import LocMemCache


def left(cache):
    return round(cache._expire_info[cache.make_key("number")] - time.time())


cache = LocMemCache("", {})
cache.set("number", 1, timeout=60)
cache.incr("number")
print("sync:  seconds left:", left(cache))
cache.set("number", 1, timeout=60)
asyncio.run(cache.aincr("number"))
print("async: seconds left:", left(cache))

"""A cache backend that overrides `decr()` is ignored by `adecr()`."""

import asyncio

import django
from django.conf import settings

settings.configure()
django.setup()
from django.core.cache.backends.locmem import LocMemCache


class Cache(LocMemCache):
    def decr(self, key, delta=1, version=None):
        """Never below zero, as memcached does it."""
        return self.incr(key, -min(delta, self.get(key, 0, version)), version)


cache = Cache("", {})
cache.set("number", 1)
print("sync:  1 - 5 =", cache.decr("number", 5))
cache.set("number", 1)
print("async: 1 - 5 =", asyncio.run(cache.adecr("number", 5)))

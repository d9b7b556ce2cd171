"""A cache backend that overrides `incr()`, `get_many()` and the like is ignored by `aincr()`, `aget_many()`."""

import asyncio

import django
from django.conf import settings

settings.configure()
django.setup()
from django.core.cache.backends.locmem import LocMemCache


class CountedCache(LocMemCache):
    questions = 0

    def get_many(self, keys, version=None):
        self.questions += 1
        return super().get_many(keys, version)


cache = CountedCache("", {})
cache.get_many(["a", "b"])
print("sync:  get_many() was called:", cache.questions == 1)
cache = CountedCache("", {})
asyncio.run(cache.aget_many(["a", "b"]))
print("async: get_many() was called:", cache.questions == 1)

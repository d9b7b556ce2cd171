"""`AsyncPaginator` cannot count an object that has `count()` and no `__len__()`."""

import asyncio

import django
from django.conf import settings

settings.configure()
django.setup()
from django.core.paginator import AsyncPaginator, Paginator


class Sliceable:
    def __getitem__(self, index):
        return ["a", "b", "c"][index]

    def count(self):
        return 3


print("sync:  pages:", Paginator(Sliceable(), 2).num_pages)
try:
    print("async: pages:", asyncio.run(AsyncPaginator(Sliceable(), 2).anum_pages()))
except TypeError as error:
    print("async: pages:", error)

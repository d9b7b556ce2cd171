"""A session engine that overrides `__setitem__()` is ignored by `aset()`."""

import asyncio

import django
from django.conf import settings

settings.configure(SECRET_KEY="secret")
django.setup()
from django.contrib.sessions.backends.signed_cookies import SessionStore


class NotedStore(SessionStore):
    noted = ()

    def __setitem__(self, key, value):
        self.noted = (*self.noted, key)
        super().__setitem__(key, value)


session = NotedStore()
session["cart"] = 1
print("sync:  noted:", session.noted)
session = NotedStore()
asyncio.run(session.aset("cart", 1))
print("async: noted:", session.noted)

"""`adelete_test_cookie()` does not mark the session as modified, so that no middleware saves it."""

import asyncio

import django
from django.conf import settings

settings.configure()
django.setup()
from django.contrib.sessions.backends.signed_cookies import SessionStore


def prepared() -> SessionStore:
    session = SessionStore()
    session.set_test_cookie()
    session.modified = False
    return session


def synchronous() -> bool:
    session = prepared()
    session.delete_test_cookie()
    return session.modified


async def asynchronous() -> bool:
    session = prepared()
    await session.adelete_test_cookie()
    return session.modified


print("sync:  modified is", synchronous())
print("async: modified is", asyncio.run(asynchronous()))

"""Connections, looked after on the thread that uses them.

Django keeps connections by thread, and runs the ORM's async methods on a thread of their own: whatever concerns a
connection has to be called there, through `sync_to_async`. `connections[alias]` must be looked up there as well:
looked up in a coroutine, it is the event loop's thread's connection.

Inside a request none of this is needed: Django itself closes old connections when a request begins and ends. It is for
what has no requests, such as a worker or a management command that runs for days.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections as _close_old_connections
from django.db import connections

P = ParamSpec("P")
T = TypeVar("T")


async def close_old_connections() -> None:
    """Close those of the ORM's thread that are broken or past their age; never one that is in a transaction."""
    await sync_to_async(_close_old_connections)()


async def ensure_connection(using: str = "default") -> None:
    """Connect the ORM's thread, unless it is. Raises `OperationalError` where the database does not answer."""
    await sync_to_async(_ensure)(using)


@asynccontextmanager
async def fresh_connection(using: str = "default") -> AsyncIterator[None]:
    """Around a piece of work: no connection from before that is broken or too old, none kept after that is."""
    await close_old_connections()
    await ensure_connection(using)
    try:
        yield
    finally:
        await close_old_connections()


def with_fresh_connection(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """`fresh_connection` as a decorator of a coroutine function."""

    @wraps(function)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        async with fresh_connection():
            return await function(*args, **kwargs)

    return wrapper


def _ensure(using: str) -> None:
    connections[using].ensure_connection()

"""The three ways in which a coroutine comes to run beside the ORM: plainly, in a request, under `async_to_sync`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async
from django.db import connections
from observer import Observer

from sample_app.models import Post

Main = Callable[[], Awaitable[Any]]


def run_plainly(main: Main) -> Any:
    return asyncio.run(awaited(main))


def run_in_a_request(main: Main) -> Any:
    async def request() -> Any:
        async with ThreadSensitiveContext():
            try:
                return await main()
            finally:
                await sync_to_async(connections.close_all)()

    return asyncio.run(request())


def run_under_async_to_sync(main: Main) -> Any:
    return async_to_sync(partial(awaited, main))()


async def awaited(main: Main) -> Any:
    return await main()


RUNNERS = [run_plainly, run_in_a_request, run_under_async_to_sync]


def add(title: str = "a") -> int:
    return Post.objects.create(title=title, content="").pk


def count_posts() -> int:
    """What is committed, from a thread of any kind."""
    observer = Observer()
    try:
        return observer.count("post")
    finally:
        observer.close()

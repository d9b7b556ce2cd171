"""`run_atomic`, each promise of its docstring."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from observer import Observer
from runners import add, awaited, count_posts, run_under_async_to_sync

from sample_app.utils.async_transactions import run_atomic


def add_and_fail() -> None:
    add()
    raise LookupError("after the first statement")


def test_a_function_is_all_or_nothing(run: Any, observer: Observer) -> None:
    """Its result is given, its exception raised, and what it had written by then is gone."""

    async def main() -> None:
        assert await run_atomic(add) > 0
        with pytest.raises(LookupError, match="after the first"):
            await run_atomic(add_and_fail)

    run(main)
    assert observer.count("post") == 1


def test_a_function_inside_a_transaction_is_a_savepoint(observer: Observer) -> None:
    """Under `async_to_sync` it joins the caller's transaction, and rolls back alone."""

    async def main() -> None:
        with pytest.raises(LookupError):
            await run_atomic(add_and_fail)
        await run_atomic(add)

    with transaction.atomic():
        run_under_async_to_sync(main)
        assert observer.count("post") == 0
    assert observer.count("post") == 1


def test_a_function_whose_work_would_run_outside_is_refused(observer: Observer) -> None:
    """A coroutine function at once; one that gives a coroutine after a rollback."""

    async def coroutine_function() -> None: ...

    coroutine = coroutine_function()

    def gives_one() -> Any:
        add()
        return coroutine

    for function in (coroutine_function, gives_one):
        with pytest.raises(TypeError, match="transaction"):
            asyncio.run(awaited(partial(run_atomic, function)))
    coroutine.close()
    assert observer.count("post") == 0


def test_a_cancelled_function_leaves_nothing_under_way(run: Any, observer: Observer) -> None:
    """Cancelled while it runs, it is rolled back before `CancelledError` is raised."""
    inside, go = threading.Event(), threading.Event()

    def function() -> None:
        add()
        inside.set()
        assert go.wait(20)

    async def main() -> None:
        task = asyncio.ensure_future(run_atomic(function))
        await asyncio.to_thread(inside.wait)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()  # nor does a second one make it leave
        await asyncio.sleep(0)
        assert not task.done()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(count_posts) == 0

    run(main)


def test_a_function_that_is_cancelled_in_the_queue_never_runs(observer: Observer) -> None:
    """While another function has the thread, a waiting one is told at once that it is cancelled."""
    inside, go = threading.Event(), threading.Event()

    def occupy() -> None:
        inside.set()
        assert go.wait(20)

    async def main() -> None:
        first = asyncio.ensure_future(sync_to_async(occupy)())
        await asyncio.to_thread(inside.wait)
        task = asyncio.ensure_future(run_atomic(add))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go.set()
        await first
        await run_atomic(lambda: None)

    asyncio.run(main())
    assert observer.count("post") == 0

"""asgiref itself: what is refused, what cannot be passed on, what a cancelled call does. Expected values are ours."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async

from conformance.checks.subjects.asgiref_threads import PATIENCE, Calls, register


async def _refused(example: Calls) -> Any:
    """What asgiref refuses, by the name of the exception."""

    async def coroutine() -> int:
        return example.number

    attempts: dict[str, Callable[[], Any]] = {
        "async_to_sync where a loop runs": async_to_sync(coroutine),
        "sync_to_async of a coroutine function": lambda: sync_to_async(coroutine),
        "an executor for sensitive code": lambda: sync_to_async(len, executor=ThreadPoolExecutor(1)),
        "sync_to_async of no callable": lambda: sync_to_async(example.number),  # type: ignore[call-overload]
    }
    try:
        attempts[example.variant]()
    except Exception as error:  # noqa: BLE001 - which it is, is the result
        return type(error).__name__
    return "nothing was raised"


def _refused_expected(example: Calls) -> Any:
    return "RuntimeError" if "loop runs" in example.variant else "TypeError"


async def _deadlock(example: Calls) -> Any:
    """Sensitive code that waits, in a new loop on its own thread, for sensitive code: it is refused, not stuck."""

    async def inner() -> int:
        return await sync_to_async(lambda: example.number)()

    def outer() -> Any:
        if example.variant == "async_to_sync":
            return async_to_sync(inner)()
        return asyncio.run(asyncio.wait_for(inner(), PATIENCE))

    try:
        return await sync_to_async(outer)()
    except RuntimeError:
        return "RuntimeError"


def _deadlock_expected(example: Calls) -> Any:
    return example.number if example.variant == "async_to_sync" else "RuntimeError"


async def _stop_iteration(example: Calls) -> Any:
    """`StopIteration` cannot be raised into a future: it must come as another exception, and must not hang."""
    iterator = iter(range(example.number))

    def advance() -> int:
        if example.variant == "raise":
            raise StopIteration(example.number)
        while True:
            next(iterator)

    task = asyncio.ensure_future(sync_to_async(advance, thread_sensitive=False)())
    # A loop that cannot pass the exception on says so, and the task waits for ever.
    asyncio.get_running_loop().set_exception_handler(lambda *_: task.cancel("stuck"))
    try:
        return await task
    except (RuntimeError, TypeError):
        return "another exception"
    except asyncio.CancelledError:
        return "it hangs"


async def _cancelled(example: Calls) -> Any:
    """A call that is cancelled while its thread works: it says so, and the thread's work is done all the same."""
    began, go_on, over, done = threading.Event(), threading.Event(), threading.Event(), []

    def work() -> int:
        began.set()
        go_on.wait(PATIENCE)
        done.append(example.number)
        over.set()
        if example.variant == "raises":
            raise ValueError("at the end")
        return example.number

    task = asyncio.ensure_future(sync_to_async(work)())
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, began.wait, PATIENCE)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    await loop.run_in_executor(None, over.wait, PATIENCE)
    outcome = (await asyncio.gather(task, return_exceptions=True))[0]
    return done, type(outcome).__name__ if isinstance(outcome, BaseException) else outcome


async def _cancelled_through(example: Calls) -> Any:
    """A coroutine inside synchronous code inside a task that is cancelled: it is cancelled as well."""
    seen: list[str] = []
    began = asyncio.Event()

    async def inner() -> None:
        began.set()
        try:
            await asyncio.sleep(PATIENCE)
        except asyncio.CancelledError:
            seen.append("cancelled within")
            if example.variant == "cleans up":
                await asyncio.sleep(0)
                seen.append("cleaned up")
            raise

    def middle() -> None:
        try:
            async_to_sync(inner)()
        finally:
            seen.append("left the synchronous part")

    task = asyncio.ensure_future(sync_to_async(middle)())
    await began.wait()
    task.cancel()
    outcome = (await asyncio.gather(task, return_exceptions=True))[0]
    return seen, type(outcome).__name__


def _cancelled_through_expected(example: Calls) -> Any:
    cleaned = ["cleaned up"] if example.variant == "cleans up" else []
    return ["cancelled within", *cleaned, "left the synchronous part"], "CancelledError"


register(
    "refused",
    [
        "async_to_sync where a loop runs",
        "sync_to_async of a coroutine function",
        "an executor for sensitive code",
        "sync_to_async of no callable",
    ],
    _refused,
    _refused_expected,
)
register("deadlock", ["async_to_sync", "asyncio.run"], _deadlock, _deadlock_expected)
register("sync_to_async.stop_iteration", ["raise", "next"], _stop_iteration, lambda _: "another exception")
register(
    "sync_to_async.cancelled",
    ["gives", "raises"],
    _cancelled,
    lambda example: ([example.number], "CancelledError"),
)
register("cancelled_through", ["plain", "cleans up"], _cancelled_through, _cancelled_through_expected)

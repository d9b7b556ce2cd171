"""What the wrappers carry: the exception that is being handled, the loop that waits, an executor of the caller's."""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import Any

from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async

from conformance.checks.outcomes import Absent
from conformance.checks.subjects.asgiref_threads import Calls, register


def _seen_and_raised() -> tuple[str, str]:
    """What is being handled, and what is the context of what is raised meanwhile."""
    try:
        raise ValueError("within")
    except ValueError as error:
        context = repr(error.__context__)
    return repr(sys.exc_info()[1]), context


async def _aseen_and_raised() -> tuple[str, str]:
    return _seen_and_raised()


async def _handling(example: Calls) -> Any:
    """What is called while an exception is handled sees it, as a plain call does."""

    def through() -> Any:
        try:
            raise KeyError("handled")
        except KeyError:
            return async_to_sync(_aseen_and_raised)()

    async def once() -> Any:
        if example.variant == "no loop":
            return await asyncio.get_running_loop().run_in_executor(None, Context().run, through)
        if example.variant == "a coroutine":
            return await sync_to_async(through)()
        try:
            raise KeyError("handled")
        except KeyError:
            return await sync_to_async(_seen_and_raised, thread_sensitive=example.variant == "sensitive")()

    return [await once() for _ in range(example.number)], sys.exc_info()[1]


def _handling_expected(example: Calls) -> Any:
    return [(repr(KeyError("handled")),) * 2] * example.number, None


async def _loop_of(example: Calls) -> Any:
    """The loop that waits runs the coroutine, or a new one; what that calls comes back to the thread that waits."""
    outer = asyncio.get_running_loop()
    found = []

    def called() -> bool:
        caller = threading.get_ident()

        async def where() -> tuple[bool, bool]:
            return asyncio.get_running_loop() is outer, await sync_to_async(threading.get_ident)() == caller

        found.append(async_to_sync(where, force_new_loop=example.variant == "a new loop")())
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return True
        return False

    left = [await sync_to_async(called)() for _ in range(example.number)]
    return found, left


def _loop_of_expected(example: Calls) -> Any:
    return [(example.variant == "the loop that waits", True)] * example.number, [True] * example.number


async def _executor(example: Calls) -> Any:
    """The caller's executor runs what is thread-sensitive, inside of the block alone, and goes on after it."""
    if "executor" not in inspect.signature(ThreadSensitiveContext).parameters:
        raise Absent("ThreadSensitiveContext takes no executor")
    name = threading.current_thread

    async def named() -> bool:
        return (await sync_to_async(name)()).name.startswith("conformance")

    async def inside(executor: ThreadPoolExecutor) -> Any:
        made: Any = ThreadSensitiveContext
        context = made(executor=executor)
        async with context:
            found = [await named() for _ in range(example.number)]
            late = asyncio.ensure_future(_after(left, named))
        left.set()
        try:
            async with context:
                again = "it is entered again"
        except RuntimeError:
            again = "it is refused"
        return found, await named(), await late, again

    left = asyncio.Event()
    with ThreadPoolExecutor(1, "conformance") as executor:
        if example.variant == "within another":
            async with ThreadSensitiveContext():
                found = await inside(executor)
        else:
            found = await inside(executor)
        return found, executor.submit(int).result()


async def _after(left: asyncio.Event, call: Any) -> Any:
    """The call when the block was left."""
    await left.wait()
    try:
        return await call()
    except RuntimeError:
        return "it is refused"


def _executor_expected(example: Calls) -> Any:
    return ([True] * example.number, False, "it is refused", "it is refused"), 0


register("handling", ["sensitive", "not sensitive", "a coroutine", "no loop"], _handling, _handling_expected)
register("async_to_sync.loop", ["the loop that waits", "a new loop"], _loop_of, _loop_of_expected)
register("thread_sensitive_context.executor", ["plain", "within another"], _executor, _executor_expected)

"""How calls through asgiref end: cancelled at any moment and depth, with tasks that go on, and what they leave."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async

from conformance.checks.subjects.asgiref_threads import PATIENCE, Calls, register

# `a` is a coroutine function, `t` one that runs as a task, `s` a function. The innermost waits.
LEVELS = ("sa", "asa", "stsa", "asasa")


async def _cancelled_at_depth(example: Calls) -> Any:
    """A cancellation reaches every level, from the inside out, and is over when the caller goes on."""
    levels, left, began = LEVELS[example.number - 1], [], asyncio.Event()

    def function(depth: int) -> Any:
        try:
            return async_to_sync(level)(depth + 1)
        finally:
            left.append(depth)

    async def coroutine(depth: int) -> Any:
        try:
            return await level(depth + 1)
        finally:
            left.append(depth)

    async def level(depth: int) -> Any:
        kinds: dict[str, Any] = {
            "s": sync_to_async(function),
            "a": coroutine,
            "t": lambda at: asyncio.ensure_future(coroutine(at)),
        }
        if depth < len(levels):
            return await kinds[levels[depth]](depth)
        began.set()
        return await asyncio.sleep(PATIENCE)

    task = asyncio.ensure_future(level(0))
    await began.wait()
    if example.variant == "cancelled":
        task.cancel()
    ending: Any = task if example.variant == "cancelled" else asyncio.wait_for(task, 0.01)
    ended = await asyncio.gather(ending, return_exceptions=True)
    return left, type(ended[0]).__name__


def _cancelled_expected(example: Calls) -> Any:
    depths = list(reversed(range(len(LEVELS[example.number - 1]))))
    return depths, "CancelledError" if example.variant == "cancelled" else "TimeoutError"


async def _when_over(example: Calls) -> Any:
    """A call that is cancelled when its thread is done: what `cancel` says holds, however far the loop is."""
    began, go_on = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as executor:

        def work() -> int:
            began.set()
            go_on.wait(PATIENCE)
            if example.variant == "raises":
                raise ValueError("at the end")
            return 7

        task = asyncio.ensure_future(sync_to_async(work, thread_sensitive=False, executor=executor)())
        await asyncio.get_running_loop().run_in_executor(None, began.wait, PATIENCE)
        go_on.set()
        # On the same thread, so it comes after the call; and the loop has not been told of either.
        executor.submit(int).result()
        for _ in range(example.number - 1):
            await asyncio.sleep(0)
        asked = task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
    return asked == isinstance(ended, asyncio.CancelledError)


async def _later_tasks(example: Calls) -> Any:
    """Tasks that nested calls begin, and that go on when these are over, end as well."""

    over = asyncio.Event()

    async def go_on(function: Callable[..., Any], *arguments: Any) -> Any:
        await over.wait()
        return await sync_to_async(function)(*arguments)

    async def begin(depth: int) -> Any:
        if depth == example.number:
            return asyncio.ensure_future(go_on(lambda: depth))
        return asyncio.ensure_future(go_on(async_to_sync(begin), depth + 1))

    async def main() -> Any:
        found = await sync_to_async(async_to_sync(begin))(1)
        over.set()
        while isinstance(found, asyncio.Future):
            found = await asyncio.wait_for(found, PATIENCE)
        return found

    return await asyncio.get_running_loop().run_in_executor(None, async_to_sync(main))


class _Thing:
    """Something that can be seen to be gone."""


async def _raising() -> None:
    def function() -> None:
        raise ValueError("from within")

    await sync_to_async(function)()


async def _given(thing: Any) -> None:
    await sync_to_async(id)(thing)


async def _freed(example: Calls) -> Any:
    """What a call was given, and the task that made it, are freed when it is over, without the garbage collector."""
    references = []
    gc.disable()
    try:
        for _ in range(example.number):
            thing: Any = _Thing()
            made = _raising() if example.variant == "task of a call that raises" else _given(thing)
            task: Any = asyncio.ensure_future(made)
            references.append(weakref.ref(thing if example.variant == "argument" else task))
            await asyncio.wait([task])
            del thing, task, made
            # The thread lets go of what it did last when it does something else.
            await sync_to_async(int)()
        return [reference() is None for reference in references]
    finally:
        gc.enable()


VARIABLE: ContextVar[Any] = ContextVar("conformance_value", default=None)
_PAIRS: tuple[Callable[[], tuple[Any, Any]], ...] = (
    lambda: (1, True),
    lambda: ([], []),
    lambda: (0, -0.0),
)


async def _values(example: Calls) -> Any:
    """A context variable is given another value by what is called: it comes back, whatever it equals."""
    return await comes_back(*_PAIRS[example.number - 1](), example.variant)


async def comes_back(first: Any, second: Any, variant: str) -> bool:
    """Whether the second value, which what is called gives to a variable instead of the first, is the caller's too."""
    VARIABLE.set(first)

    def change() -> None:
        VARIABLE.set(second)

    async def achange() -> None:
        change()

    def through() -> None:
        async_to_sync(achange)()

    await sync_to_async(change if variant == "sync_to_async" else through)()
    return VARIABLE.get() is second


register("cancelled_through.nested", ["cancelled", "timed out"], _cancelled_at_depth, _cancelled_expected)
register("sync_to_async.cancelled.when_over", ["gives", "raises"], _when_over, lambda _: True)
register("later_tasks", ["plain"], _later_tasks, lambda example: example.number)
register(
    "freed",
    ["argument", "task", "task of a call that raises"],
    _freed,
    lambda example: [True] * example.number,
)
register("context_variables.values", ["sync_to_async", "both"], _values, lambda _: True, numbers=len(_PAIRS))

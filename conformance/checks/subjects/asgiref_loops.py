"""Wrappers and loops: made under one loop and called under another, and a loop that something still waits for."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any

from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async

from conformance.checks.standalone import program_of
from conformance.checks.subjects.asgiref_endings import comes_back
from conformance.checks.subjects.asgiref_threads import Calls, register

# Seconds after which what must end has not. Never waited for where all is well.
STUCK = 1.0
# The same for another process, which has to begin.
PROCESS_STUCK = 4.0
# Such a process ends itself a little later, where nobody is left to end it.
_ENDING_ITSELF = f"import signal, sys; getattr(signal, 'alarm', int)({int(PROCESS_STUCK) + 2}); exec(sys.argv[1])"


async def _made_elsewhere(example: Calls) -> Any:
    """A wrapper that was made under a loop which is closed, or stopped, works on a thread without a loop."""
    return await asyncio.get_running_loop().run_in_executor(None, Context().run, _made_and_called, example)


def _made_and_called(example: Any) -> Any:
    loop, found = asyncio.new_event_loop(), []

    async def give() -> int:
        return int(example.number)

    async def make() -> Callable[[], int]:
        return async_to_sync(give)

    made = async_to_sync(give) if example.variant == "no loop" else loop.run_until_complete(make())
    if example.variant != "a stopped loop":
        loop.close()
    thread = threading.Thread(target=lambda: found.append(made()), daemon=True)
    thread.start()
    thread.join(STUCK)
    stuck = thread.is_alive()
    if not loop.is_closed():
        # What waits for the loop is let go, so that nothing is left behind.
        loop.run_until_complete(loop.run_in_executor(None, thread.join) if stuck else asyncio.sleep(0))
        loop.close()
    return "stuck" if stuck else found[0]


async def _context_left(example: Calls) -> Any:
    """A `ThreadSensitiveContext` is left while its thread needs the loop to go on: neither waits for ever."""
    began, go_on = threading.Event(), threading.Event()

    async def back() -> int:
        return example.number

    def work() -> int:
        began.set()
        go_on.wait(STUCK)
        return async_to_sync(back)()

    async with ThreadSensitiveContext():
        task = asyncio.ensure_future(sync_to_async(work)())
        await asyncio.get_running_loop().run_in_executor(None, began.wait)
        asyncio.get_running_loop().call_soon(go_on.set)
    return await task


class _Odd:
    """Cannot be compared, as arrays of numbers cannot."""

    def __eq__(self, _: object) -> bool:
        raise ValueError("it cannot be compared")

    __hash__ = object.__hash__


async def _incomparable(example: Calls) -> Any:
    """A context variable whose values cannot be compared is given another one by what is called."""
    return await comes_back(_Odd(), _Odd(), example.variant)


def in_process(call: Callable[[Calls], Awaitable[Any]]) -> Callable[[Calls], Awaitable[Any]]:
    """The same in a process of its own: what is stuck there can be ended."""

    async def run(example: Calls) -> Any:
        text = program_of("", call, f"number={example.number}, variant={example.variant!r}")
        out = asyncio.subprocess.PIPE
        command = (sys.executable, "-W", "ignore", "-c", _ENDING_ITSELF, text)
        process = await asyncio.create_subprocess_exec(*command, stdout=out)
        try:
            output, _ = await asyncio.wait_for(process.communicate(), PROCESS_STUCK)
        except asyncio.TimeoutError:
            process.kill()
            await process.wait()
            return "stuck"
        return output.decode().strip()

    run.__doc__ = call.__doc__
    return run


register(
    "made_elsewhere",
    ["no loop", "a closed loop", "a stopped loop"],
    _made_elsewhere,
    lambda example: example.number,
    numbers=1,
)
register(
    "thread_sensitive_context.left",
    ["plain"],
    in_process(_context_left),
    lambda example: f"observed: {example.number}",
    numbers=1,
    shown=_context_left,
)
register(
    "context_variables.values.incomparable",
    ["sync_to_async", "both"],
    in_process(_incomparable),
    lambda _: "observed: True",
    numbers=1,
    shown=_incomparable,
)

"""asgiref itself: which thread runs what, what is refused, what a cancelled call does. Expected values are written."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import Any

import asgiref.sync
from asgiref.sync import ThreadSensitiveContext, async_to_sync, iscoroutinefunction, sync_to_async
from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.journal import loop_runs
from conformance.checks.outcomes import Absent
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.checks.standalone import program_of
from conformance.strategies import NO_ROWS, Rows

# Seconds after which what must end has not. Never waited for where all is well.
PATIENCE = 2.0
VARIABLE: ContextVar[int] = ContextVar("conformance_variable", default=0)


@dataclass(frozen=True)
class Calls:
    """So many calls, of a variant of the same experiment."""

    number: int
    variant: str
    rows: Rows = NO_ROWS


async def _thread_of(**options: Any) -> int:
    return await sync_to_async(threading.get_ident, **options)()


async def _sensitive(example: Calls) -> Any:
    """Calls that are thread-sensitive: one thread, never two at one time, in the order in which they were made."""
    running, order, most, threads = [0], [], [0], set()

    def work(number: int) -> int:
        running[0] += 1
        most[0] = max(most[0], running[0])
        threads.add(threading.get_ident())
        order.append(number)
        running[0] -= 1
        return number * 2

    wrapped = sync_to_async(work) if example.variant == "plain" else sync_to_async(thread_sensitive=True)(work)
    given = await asyncio.gather(*(wrapped(number) for number in range(example.number)))
    return given, order, most[0], len(threads), threading.get_ident() in threads


def _sensitive_expected(example: Calls) -> Any:
    numbers = list(range(example.number))
    return [number * 2 for number in numbers], numbers, 1, 1, False


async def _insensitive(example: Calls) -> Any:
    """Calls that are not: all at one time, on threads of their own; on those of an executor, if one is given."""
    barrier = threading.Barrier(example.number)
    executor = ThreadPoolExecutor(example.number, "conformance") if example.variant == "executor" else None
    sensitive = await _thread_of()

    def work(number: int) -> tuple[int, bool, bool, bool]:
        barrier.wait(PATIENCE)
        named = threading.current_thread().name.startswith("conformance")
        return number, named, threading.get_ident() != sensitive, loop_runs()

    wrapped = sync_to_async(work, thread_sensitive=False, executor=executor)
    try:
        return await asyncio.gather(*(wrapped(number) for number in range(example.number)))
    finally:
        if executor is not None:
            executor.shutdown()


def _insensitive_expected(example: Calls) -> Any:
    return [(number, example.variant == "executor", True, False) for number in range(example.number)]


async def _contexts(example: Calls) -> Any:
    """Each `ThreadSensitiveContext` has a thread of its own, which ends with it; one inside another adds none."""
    outside = await _thread_of()

    async def one() -> tuple[bool, bool, bool]:
        async with ThreadSensitiveContext():
            first, second = await _thread_of(), await _thread_of()
            inner = first
            if example.variant == "nested":
                async with ThreadSensitiveContext():
                    inner = await _thread_of()
        return first == second == inner, first == outside, first in {each.ident for each in threading.enumerate()}

    same = [await one() for _ in range(example.number)]
    return same, await _thread_of() == outside


def _contexts_expected(example: Calls) -> Any:
    return [(True, False, False)] * example.number, True


async def _context_argument(example: Calls) -> Any:
    """Calls that are given one context share it, and leave the caller's alone."""
    if "context" not in inspect.signature(sync_to_async).parameters:
        raise Absent("sync_to_async takes no context")
    context = copy_context()

    def count() -> int:
        VARIABLE.set(VARIABLE.get() + 1)
        return VARIABLE.get()

    given: dict[str, Any] = {"context": context} if example.variant == "given" else {}
    seen = [await sync_to_async(count, **given)() for _ in range(example.number)]
    return seen, VARIABLE.get(), context.get(VARIABLE, 0)


def _context_argument_expected(example: Calls) -> Any:
    inside, number = example.variant == "given", example.number
    return list(range(1, number + 1)), 0 if inside else number, number if inside else 0


class _Host:
    """Methods under both wrappers."""

    def __init__(self, number: int) -> None:
        self.number = number

    @sync_to_async
    def wrapped(self, more: int = 1) -> int:
        """A docstring."""
        return self.number + more

    @async_to_sync
    async def unwrapped(self, more: int = 1) -> int:
        """A docstring."""
        return self.number + more


async def _marks(example: Calls) -> Any:
    """What the wrappers look like from outside: coroutine functions, names, methods."""
    host = _Host(example.number)
    function = (
        sync_to_async(_function) if example.variant == "called" else sync_to_async(thread_sensitive=False)(_function)
    )
    unwrapped: Any = async_to_sync(function)
    return (
        (iscoroutinefunction(function), iscoroutinefunction(_Host.wrapped), iscoroutinefunction(unwrapped)),
        (function.__name__, function.__doc__),
        await host.wrapped(2),
        await sync_to_async(host.unwrapped)(more=3),
        await function(example.number),
    )


def _function(number: int) -> int:
    """Says what it does."""
    return -number


def _marks_expected(example: Calls) -> Any:
    number = example.number
    return (True, True, False), ("_function", "Says what it does."), number + 2, number + 3, -number


async def _single_thread(example: Calls) -> Any:
    """Inside `AsyncSingleThreadContext` every `async_to_sync` has the same thread."""
    kind = getattr(asgiref.sync, "AsyncSingleThreadContext", None)
    if kind is None:
        raise Absent("asgiref has no AsyncSingleThreadContext")

    async def thread() -> int:
        return threading.get_ident()

    def synchronous() -> tuple[int, bool]:
        with kind():
            found = [async_to_sync(thread)() for _ in range(example.number)]
        return len(set(found)), threading.get_ident() in found

    # A thread that knows of no loop.
    return await asyncio.get_running_loop().run_in_executor(None, synchronous)


def register(
    name: str,
    variants: list[str],
    call: Callable[[Calls], Awaitable[Any]],
    expected: Callable[[Calls], Any],
    *,
    numbers: int = 4,
    shown: Callable[[Calls], Awaitable[Any]] | None = None,
) -> None:
    """Say that calling gives what is expected; `numbers` is how many there are at most.

    `shown` is what a program that shows a failure calls, where it is not the same.
    """

    def prepare(_stage: Stage, example: Calls) -> Sides:
        return Sides(lambda: expected(example), lambda: call(example), model=(expected(example),))

    def source(example: Calls) -> tuple[str, str]:
        return (
            f"{expected(example)!r}",
            f"{inspect.cleandoc(call.__doc__ or '')}\n# {example.number}, {example.variant}",
        )

    def program(title: str, example: Calls) -> str:
        given = f"number={example.number}, variant={example.variant!r}"
        return program_of(title, shown or call, given, expected(example))

    examples = st.builds(Calls, st.integers(1, numbers), st.sampled_from(variants))
    register_experiment(f"asgiref.{name}", examples, prepare, source, program=program)


register("sync_to_async.sensitive", ["plain", "called"], _sensitive, _sensitive_expected)
register("sync_to_async.insensitive", ["plain", "executor"], _insensitive, _insensitive_expected)
register("thread_sensitive_context", ["plain", "nested"], _contexts, _contexts_expected)
register("sync_to_async.context", ["given", "own"], _context_argument, _context_argument_expected)
register("marks", ["called", "with options"], _marks, _marks_expected)
register("async_single_thread_context", ["plain"], _single_thread, lambda _: (1, False))

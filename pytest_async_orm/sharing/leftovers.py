"""What a test leaves running: threads and tasks that go on with its work, and do not wait for more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from contextlib import suppress
from types import FrameType
from typing import Any

from pytest_async_orm.clock import REAL
from pytest_async_orm.frames import handoff
from pytest_async_orm.frames.stacks import coroutine_frames, task_stack
from pytest_async_orm.frames.workers import (
    Work,
    call_of,
    is_alive,
    is_idle,
    loops_of_threads,
    pause_for,
    runs_for_pool,
    task_works,
)
from pytest_async_orm.records import Leftover
from pytest_async_orm.sharing.lease import Lease
from pytest_async_orm.sharing.origin import ORIGIN

_POLL_SECONDS = 0.005


class ThreadWatch:
    """Remembers which threads and pools' calls ran before a test, to know the test's own."""

    def __init__(self, before: dict[threading.Thread, FrameType | None] | None = None) -> None:
        """`before`: the threads beside the test's own, if they are known from an earlier moment."""
        if before is None:
            before = {thread: _outermost(thread) for thread in threading.enumerate()}
        self._before = before
        self._own = threading.current_thread()

    def exempt(self, threads: Iterable[threading.Thread]) -> None:
        """Take threads for older than the test: a fixture of wider scope, first asked for by the test, started them."""
        self._before.update({thread: _outermost(thread) for thread in threads})

    def belongs_to_test(self, thread: threading.Thread) -> bool:
        """Whether what a thread does at the moment began in the test."""
        if thread is threading.current_thread() or not (call := call_of(thread)):
            return False
        if thread not in self._before:
            return not _is_sessions(thread)
        return runs_for_pool(thread) and call[0] is not self._before[thread] and not _is_sessions(thread)

    def is_older(self, thread: threading.Thread) -> bool:
        """Whether a thread ran before the test and is not the test's own."""
        return thread in self._before and thread is not self._own

    def still_works(self, lease: Lease) -> bool:
        """Whether a thread that used the sandbox may use it again by itself: one that waits for work does not."""
        thread = lease.thread
        if thread is threading.current_thread() or not is_alive(thread):
            return False
        if lease.in_statement or lease.waits:
            return True
        return self.belongs_to_test(thread) or (lease.in_transaction and not is_idle(thread))

    def settle(self, leases: Iterable[Lease], grace: float) -> list[Lease]:
        """Wait until the threads that used the sandbox are done, at most the grace (seconds); return those that
        are not.
        """
        deadline = REAL.monotonic() + grace
        working = [lease for lease in leases if self.still_works(lease)]
        while working and REAL.monotonic() < deadline:
            pause_for(working[0].thread, _POLL_SECONDS)
            working = [lease for lease in working if self.still_works(lease)]
        return working

    def describe(self, lease: Lease) -> Leftover:
        """A thread that was not done, for the report."""
        thread = lease.thread
        pauses = Work(call_of(thread)).pauses
        return handoff.left_at_work(thread, held_transaction=lease.in_transaction, pauses=pauses)

    def stragglers(self) -> dict[threading.Thread, Work]:
        """Threads that go on with the test's work, each with the call that is the work."""
        return {thread: Work(call_of(thread)) for thread in threading.enumerate() if self.belongs_to_test(thread)}


def _outermost(thread: threading.Thread) -> FrameType | None:
    """The frame by which a thread's present call is known; None for an idle thread."""
    return next(iter(call_of(thread)), None)


def _is_sessions(thread: threading.Thread) -> bool:
    """Whether a thread runs a call that a fixture of wider scope handed over, as far as hand-overs are noted."""
    calls = list(handoff.calls_on(thread))
    return bool(calls) and calls[-1].test is None


def release_idle() -> None:
    """Let go of consumers and loops that wait for work inside of a call of a test that has ended: what they are given
    later is not that test's.
    """
    here = threading.current_thread()
    for thread in threading.enumerate():
        if thread is here:
            continue
        calls = [call for call in handoff.calls_on(thread) if call.origin is not None and call.origin.ended]
        if calls and is_idle(thread):
            for call in calls:
                call.origin = None


def release_idle_tasks(loops: Iterable[asyncio.AbstractEventLoop]) -> dict[asyncio.Task[Any], Work]:
    """The same for tasks of loops that live on, and of those that run. Python 3.10 and 3.11 do not show a task's
    context: there it stays. Returns the tasks that pause between two turns, each with what it is at.
    """
    pausing: dict[asyncio.Task[Any], Work] = {}
    for task in pending_tasks({*loops, *loops_of_threads()}):
        if task_works(task):
            work = Work(list(coroutine_frames(task)))
            pausing |= {task: work} if work.pauses else {}
        elif hasattr(task, "get_context"):
            # A task that runs at this moment does not wait.
            with suppress(RuntimeError):
                task.get_context().run(ORIGIN.set, None)
    return pausing


def settle_tasks(
    loops: Iterable[asyncio.AbstractEventLoop], before: set[asyncio.Task[Any]], grace: float
) -> list[Leftover]:
    """Let tasks that a test left on a loop of wider scope finish, at most the grace (seconds); describe those that
    do not.
    """
    left = []
    for loop in loops:
        pending = pending_tasks([loop]) - before
        deadline = REAL.monotonic() + grace
        while (working := _at_work(pending)) and not loop.is_running() and REAL.monotonic() < deadline:
            loop.run_until_complete(asyncio.wait(working, timeout=_POLL_SECONDS))
        left += [_left_task(task) for task in working]
    return left


def _left_task(task: asyncio.Task[Any]) -> Leftover:
    pauses = Work(list(coroutine_frames(task))).pauses
    return Leftover("task", task.get_name(), task_stack(task), pauses=pauses)


def _at_work(tasks: Iterable[asyncio.Task[Any]]) -> set[asyncio.Task[Any]]:
    """Those that are not done: one that waits for work in a queue's `get` is."""
    return {task for task in tasks if not task.done() and task_works(task)}


def pending_tasks(loops: Iterable[asyncio.AbstractEventLoop]) -> set[asyncio.Task[Any]]:
    """The tasks of loops that are not closed."""
    return {task for loop in loops if not loop.is_closed() for task in _tasks_of(loop)}


def _tasks_of(loop: asyncio.AbstractEventLoop) -> set[asyncio.Task[Any]]:
    """A loop's tasks; none if it makes and ends so many at this moment that they cannot be listed."""
    try:
        return asyncio.all_tasks(loop)
    except RuntimeError:
        return set()

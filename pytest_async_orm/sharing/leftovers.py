"""What a test leaves running: threads told by their frames, tasks by their loops."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable
from types import FrameType
from typing import Any

from pytest_async_orm.frames.stacks import frames_of, stack_of, task_stack
from pytest_async_orm.frames.workers import call_of, is_idle, runs_for_executor
from pytest_async_orm.records import Leftover
from pytest_async_orm.sharing.lease import Lease

_POLL_SECONDS = 0.005


class ThreadWatch:
    """Remembers which threads and executor calls ran before a test, to know the test's own."""

    def __init__(self) -> None:
        self._before = {thread: call_of(thread) for thread in threading.enumerate()}

    def exempt(self, threads: Iterable[threading.Thread]) -> None:
        """Take threads for older than the test: a fixture of wider scope, first asked for by the test, started them."""
        self._before.update({thread: call_of(thread) for thread in threads})

    def belongs_to_test(self, thread: threading.Thread) -> bool:
        """Whether what a thread does at the moment began in the test."""
        if thread is threading.current_thread() or is_idle(thread):
            return False
        if thread not in self._before:
            return True
        return runs_for_executor(thread) and call_of(thread) is not self._before[thread]

    def still_works(self, lease: Lease) -> bool:
        if lease.thread is threading.current_thread() or not lease.thread.is_alive():
            return False
        return lease.in_statement or lease.in_transaction or self.belongs_to_test(lease.thread)

    def settle(self, leases: Iterable[Lease], grace: float) -> list[Lease]:
        """Wait until the threads that used the sandbox are done, at most the grace (seconds); return those that
        are not.
        """
        deadline = time.monotonic() + grace
        working = [lease for lease in leases if self.still_works(lease)]
        while working and time.monotonic() < deadline:
            working[0].thread.join(_POLL_SECONDS)
            working = [lease for lease in working if self.still_works(lease)]
        return working

    def describe(self, lease: Lease) -> Leftover:
        return Leftover("thread", lease.thread.name, stack_of(lease.thread), lease.in_transaction)

    def stragglers(self) -> dict[threading.Thread, FrameType | None]:
        """Threads that go on with the test's work, each with the executor call that is the work (None: the whole
        thread).
        """
        return {thread: call_of(thread) for thread in threading.enumerate() if self.belongs_to_test(thread)}


def goes_on(thread: threading.Thread, call: FrameType | None) -> bool:
    """Whether a straggler still is at the work it was found at."""
    if call is None:
        return thread.is_alive()
    return any(frame is call for frame in frames_of(thread))


def settle_tasks(
    loops: Iterable[asyncio.AbstractEventLoop], before: set[asyncio.Task[Any]], grace: float
) -> list[Leftover]:
    """Let tasks that a test left on a loop of wider scope finish, at most the grace (seconds); describe those that
    do not.
    """
    left = []
    for loop in loops:
        pending = pending_tasks([loop]) - before
        if pending and not loop.is_running():
            loop.run_until_complete(asyncio.wait(pending, timeout=grace))
        left += [Leftover("task", task.get_name(), task_stack(task)) for task in pending if not task.done()]
    return left


def pending_tasks(loops: Iterable[asyncio.AbstractEventLoop]) -> set[asyncio.Task[Any]]:
    return {task for loop in loops if not loop.is_closed() for task in asyncio.all_tasks(loop)}

"""What a thread does at the moment: which call it runs, or that it waits for work, told by its frames.

A thread is idle by what it waits for: an executor's or a queue's `get`, a selector. Whose frames lie below does not
count: tools wrap `Thread.run`, and a library's pool is as idle as the standard library's.
"""

from __future__ import annotations

import asyncio
import linecache
import re
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import takewhile
from types import FrameType
from typing import Any

from pytest_async_orm.frames.lines import is_programs, is_users_file
from pytest_async_orm.frames.receiving import awaits_message, is_in_loop
from pytest_async_orm.frames.stacks import coroutine_frames, frames_of, is_alive
from pytest_async_orm.patches.idle import loop_at, place_of

__all__ = [
    "Work", "call_of", "is_alive", "is_idle", "loops_of_threads", "pause_for", "runs_for_pool", "task_works",
]  # fmt: skip

# By these names code takes its next job from whatever holds jobs.
_TAKES = frozenset({"get", "get_nowait", "pop", "popleft", "recv", "receive"})


def pause_for(thread: threading.Thread, seconds: float) -> None:
    """Wait until a thread has ended, at most so long. One that Python did not start cannot be joined."""
    try:
        thread.join(seconds)
    except (AssertionError, RuntimeError):
        time.sleep(seconds)


def is_idle(thread: threading.Thread) -> bool:
    """Whether a thread has ended or only waits for work."""
    return not call_of(thread)


def call_of(thread: threading.Thread) -> tuple[FrameType, ...]:
    """The frames of the call that a thread runs at the moment, outermost first; empty if it has ended or is idle, and
    for the calling thread.

    The frame objects are the call's identity: while one is on the thread's stack, the thread may be at that call.
    """
    if thread is threading.current_thread():
        return ()
    frames = frames_of(thread)
    loop_works: list[FrameType] = []
    if _waits_for_work(frames, loop_works):
        return ()
    own = list(_above_the_pool(frames))
    while own and not is_programs(own[-1].f_code.co_filename):
        own.pop()
    return (*reversed(own), *loop_works) if own else ()


def runs_for_pool(thread: threading.Thread) -> bool:
    """Whether a thread is a pool's, which runs one call after another."""
    return any(map(_is_pools, frames_of(thread)))


def _is_pools(frame: FrameType) -> bool:
    return place_of(frame) == "pool"


def _waits_for_work(frames: Sequence[FrameType], loop_works: list[FrameType]) -> bool:
    """Told by the innermost frame that is not a lock's; adds the frames of a waiting loop's tasks that have work."""
    waiting = (frame for frame in frames if place_of(frame) != "lock")
    frame = next(waiting, None)
    place = None if frame is None else place_of(frame)
    if frame is None or place in ("pool", "server"):
        return True
    if place == "queue":
        caller = next(waiting, None)
        return caller is None or place_of(caller) != "hands back"
    if place in ("loop", "runner"):
        loop_works += _frames_at_work(loop_at(frame))
        return not loop_works
    if (frame is frames[0] and _GET.search(_line_of(frame)) is not None) or _waits_for_jobs(frame):
        return True
    return awaits_message(frames)


def _waits_for_jobs(frame: FrameType) -> bool:
    """Whether the user's own frame waits in a loop that takes its jobs from a list or a deque."""
    code = frame.f_code
    takes = is_users_file(code.co_filename) and not _TAKES.isdisjoint(code.co_names)
    return takes and is_in_loop(code, frame.f_lasti)


# `SimpleQueue.get` is written in C and has no frame: the line that calls it tells.
_GET = re.compile(r"\bget\b")


def _line_of(frame: FrameType) -> str:
    return linecache.getline(frame.f_code.co_filename, frame.f_lineno or 0)


def _above_the_pool(frames: Sequence[FrameType]) -> Iterator[FrameType]:
    """The frames of a thread's call, without those of the pool that runs it or of the thread's start."""
    return takewhile(lambda frame: place_of(frame) not in ("pool", "start"), frames)


def loops_of_threads() -> set[asyncio.AbstractEventLoop]:
    """The event loops that run at this moment, on other threads."""
    here = threading.current_thread()
    frames = (frame for thread in threading.enumerate() if thread is not here for frame in frames_of(thread))
    return {loop for frame in frames if place_of(frame) in ("loop", "runner") and (loop := loop_at(frame)) is not None}


def _frames_at_work(loop: asyncio.AbstractEventLoop | None) -> list[FrameType]:
    try:
        tasks = asyncio.all_tasks(loop) if loop is not None else ()
    except RuntimeError:
        # The loop is at work on its tasks just now: what is in doubt is left alone.
        return []
    return [frame for task in tasks if task_works(task) for frame in coroutine_frames(task)]


def task_works(task: asyncio.Task[Any]) -> bool:
    """Whether a task runs or waits for anything but work: the program's or Django's code, not in a queue's `get`."""
    frames = list(coroutine_frames(task))
    waits = next((place for frame in reversed(frames) if (place := place_of(frame)) != "lock"), None)
    if waits == "queue":
        return False
    return any(is_programs(frame.f_code.co_filename) for frame in frames)


class Work:
    """A call that a thread was found at, to be told from the thread's later calls."""

    def __init__(self, frames: Sequence[FrameType]) -> None:
        from pytest_async_orm.frames.turns import pausing_at

        self._noted = [(frame, frame.f_lasti) for frame in frames]
        self._pausing = pausing_at(frames)

    @property
    def pauses(self) -> bool:
        """Whether the thread was between two turns of a loop."""
        return bool(self._pausing)

    def goes_on(self, thread: threading.Thread) -> bool:
        """Whether the thread, the calling one perhaps, still is at that call.

        What is left of it on the stack may be the loop that ran it: one that takes jobs from a queue, and calls again
        from the same place, is at another job; one that paused is at another turn.
        """
        left = self._left(thread)
        elsewhere = thread is not threading.current_thread()
        if not left or (elsewhere and is_idle(thread)):
            return False
        frame, instruction = left[-1]
        if elsewhere and next(iter(frames_of(thread)), None) is frame:
            return True
        if self._is_next_turn(frame):
            return False
        return not (frame.f_lasti == instruction and _takes_jobs(frame))

    def repeats(self, thread: threading.Thread) -> bool:
        """Whether the thread, having paused, is at another turn of that loop."""
        left = self._left(thread)
        return bool(left) and self._is_next_turn(left[-1][0])

    def renewed(self, thread: threading.Thread) -> Work:
        """This work, or the same where its thread has come to the end of a turn by now."""
        now = self if self.pauses else Work(call_of(thread))
        return now if now.pauses else self

    def _left(self, thread: threading.Thread) -> list[tuple[FrameType, int]]:
        """What was noted and still is on the thread's stack, outermost first."""
        here = {id(frame) for frame in frames_of(thread)}
        return [noted for noted in self._noted if id(noted[0]) in here]

    def _is_next_turn(self, frame: FrameType) -> bool:
        first, last = self._pausing.get(id(frame), (0, -1))
        return first <= (frame.f_lineno or 0) <= last


def _takes_jobs(frame: FrameType) -> bool:
    code = frame.f_code
    return not is_users_file(code.co_filename) or not _TAKES.isdisjoint(code.co_names)

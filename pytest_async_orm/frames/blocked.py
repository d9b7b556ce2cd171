"""Which threads cannot go on before others do: only what is certain, told by the frames that they stand in.

A wait with a time-out, for a lock, a queue, a socket or a loop that has anything else to do may end by itself, so
nothing is said of it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from itertools import islice
from types import FrameType
from typing import Any, NamedTuple

from pytest_async_orm.frames.stacks import frames_of
from pytest_async_orm.patches import waits

# A wait stands this deep below the function that was called, at most.
_DEPTH = 10


class Waits(NamedTuple):
    """What a thread waits for."""

    threads: list[threading.Thread]
    """All of them must do something before it goes on."""
    how: str
    """To be followed by a thread, as in 'for the end of' (thread 'a')."""


More = Callable[[threading.Thread], "Waits | None"]


def path_between(start: threading.Thread, end: threading.Thread, more: More) -> list[tuple[str, str]] | None:
    """How `start` waits for `end`, the calling thread, if it is certain that it does: each step's `how` and the name of
    the thread that it leads to. An empty list if they are one thread; None if it is not certain.

    `more` tells of waits that frames do not show.
    """
    return _path(start, end, more, set())


def _path(
    start: threading.Thread, end: threading.Thread, more: More, seen: set[threading.Thread]
) -> list[tuple[str, str]] | None:
    if start is end:
        return []
    seen.add(start)
    found = more(start) or waits_of(start)
    for thread in found.threads if found is not None else ():
        beyond = _path(thread, end, more, seen) if thread not in seen else None
        if found is not None and beyond is not None:
            return [(found.how, thread.name), *beyond]
    return None


def waits_of(thread: threading.Thread) -> Waits | None:
    """What a thread waits for without an end of its own; None if that is nothing, or not certain."""
    frames = list(islice(frames_of(thread), _DEPTH))
    for frame in frames:
        wait = waits.wait_of(frame)
        if isinstance(wait, waits.Joins):
            return Waits([wait.thread], "for the end of")
        if isinstance(wait, waits.AwaitsFutures):
            return Waits(_working_on(wait.futures), "for a result of")
        if isinstance(wait, waits.RunsLoop):
            return Waits(_needed_by(wait, frames[0]), "in its event loop for a call of")
        if not waits.may_stand_above(frame):
            return None
    return None


def _working_on(futures: Iterable[Future[Any]]) -> list[threading.Thread]:
    wanted = set(futures)
    return [thread for thread, future in _calls() if future in wanted]


def _calls() -> list[tuple[threading.Thread, Future[Any]]]:
    """The calls that executors' threads have under way."""
    found = []
    for thread in threading.enumerate():
        for frame in frames_of(thread):
            future = waits.future_run_by(frame)
            if future is not None:
                found.append((thread, future))
    return found


def _needed_by(loop: waits.RunsLoop, innermost: FrameType) -> list[threading.Thread]:
    """The thread whose call the task that a loop runs for awaits; none where anything else could wake the loop."""
    if not loop.is_still(innermost):
        return []
    tasks, last = loop.awaited()
    if any(task not in tasks for task in asyncio.all_tasks(loop.loop)):
        return []
    return [thread for thread, call in _calls() if any(after is last for after in waits.futures_after(call))]

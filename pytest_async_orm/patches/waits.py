"""How the standard library and asgiref wait, told by the frames and private attributes of their objects.

Seen in Python 3.10 to 3.14 and asgiref 3.6 to 3.13. What is gone in a later release is not told any more; the time-out
stays.
"""

from __future__ import annotations

import asyncio
import queue
import selectors
import threading
from asyncio import base_events
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from concurrent.futures import thread as futures_thread
from types import FrameType
from typing import Any, NamedTuple

from asgiref import current_thread_executor
from asgiref.current_thread_executor import CurrentThreadExecutor


class Joins(NamedTuple):
    """A wait for the end of a thread."""

    thread: threading.Thread


class AwaitsFutures(NamedTuple):
    """A wait for all of some futures."""

    futures: list[futures.Future[Any]]


class RunsLoop(NamedTuple):
    """A loop that runs until a future is done."""

    loop: Any
    future: Any

    def is_still(self, innermost: FrameType) -> bool:
        """Whether it stands in its selector, and neither a timer nor a socket can wake it: by `_ready` and
        `_scheduled` of asyncio's own loops.
        """
        if innermost.f_code.co_filename != selectors.__file__ or getattr(self.loop, "_ready", True):
            return False
        watched: Any = getattr(innermost.f_locals.get("self"), "get_map", dict)()
        return len(watched) <= 1 and all(timer.cancelled() for timer in getattr(self.loop, "_scheduled", ()))

    def awaited(self) -> tuple[set[Any], Any]:
        """The tasks between the loop and the future that all depends on, and that future; None for it if unknown: by
        `Task._fut_waiter`, and `_children` of what `gather` returns, where one is left.
        """
        tasks: set[Any] = set()
        seen: set[int] = set()
        found, beneath = self.future, self.future
        while beneath is not None and id(beneath) not in seen:
            found = beneath
            seen.add(id(found))
            if isinstance(found, asyncio.Task):
                tasks.add(found)
            beneath = _beneath(found)
        return tasks, found


def _beneath(future: Any) -> Any:
    """What a future of asyncio depends on alone; None if that is unknown, or nothing of asyncio's."""
    if isinstance(future, asyncio.Task):
        return getattr(future, "_fut_waiter", None)
    children = getattr(future, "_children", None)
    if children is not None:
        pending = [child for child in children if not child.done()]
        return pending[0] if len(pending) == 1 else None
    return _inner_of_shield(future)


def _inner_of_shield(future: Any) -> Any:
    """The future that `shield` protects, if this is the one that it returned. By the name in its callback, which holds
    the awaiting task too from Python 3.14 on.
    """
    for callback in _callbacks_of(future):
        if getattr(callback, "__qualname__", "").startswith("shield.<locals>._outer_done_callback"):
            held = zip(callback.__code__.co_freevars, callback.__closure__ or (), strict=False)
            return next((cell.cell_contents for name, cell in held if name == "inner"), None)
    return None


Wait = Joins | AwaitsFutures | RunsLoop

# A wait of one of these functions ends inside of these files, beside C.
_FILES = frozenset(
    [
        threading.__file__,
        queue.__file__,
        selectors.__file__,
        base_events.__file__,
        futures.wait.__code__.co_filename,
        current_thread_executor.__file__,
    ]
)


def may_stand_above(frame: FrameType) -> bool:
    """Whether a frame may be a part of a wait that began further out; any other code may do whatever it likes."""
    return frame.f_code.co_filename in _FILES


def wait_of(frame: FrameType) -> Wait | None:
    """The wait without a time-out that a frame is, if it is one."""
    make = _WAITS.get(frame.f_code)
    return None if make is None else make(frame.f_locals)


def _joins(seen: Any) -> Wait | None:
    return Joins(seen["self"]) if seen.get("timeout") is None else None


def _awaits(seen: Any) -> Wait | None:
    return AwaitsFutures([seen["self"]]) if seen.get("timeout") is None else None


def _awaits_all(seen: Any) -> Wait | None:
    if seen.get("timeout") is not None or seen.get("return_when") != futures.ALL_COMPLETED:
        return None
    return AwaitsFutures([future for future in seen["fs"] if not future.done()])


def _awaits_loop(seen: Any) -> Wait | None:
    found = seen.get("future")
    return AwaitsFutures([found]) if isinstance(found, futures.Future) else None


def _runs_loop(seen: Any) -> Wait | None:
    return RunsLoop(seen["self"], seen["future"])


_WAITS: dict[Any, Callable[[Any], Wait | None]] = {
    threading.Thread.join.__code__: _joins,
    futures.Future.result.__code__: _awaits,
    futures.Future.exception.__code__: _awaits,
    futures.wait.__code__: _awaits_all,
    base_events.BaseEventLoop.run_until_complete.__code__: _runs_loop,
    CurrentThreadExecutor.run_until_future.__code__: _awaits_loop,
}
# Where callbacks are made that complete one future by another alone.
_COMPLETING: str | tuple[str, ...] = ("_chain_future.", "shield.<locals>._inner")
_RUN_CALL = futures_thread._WorkItem.run.__code__


def future_run_by(frame: FrameType) -> futures.Future[Any] | None:
    """The future of the call that an executor's frame runs: `self.future` of `_WorkItem.run`."""
    if frame.f_code is not _RUN_CALL:
        return None
    found: Any = getattr(frame.f_locals.get("self"), "future", None)
    return found if isinstance(found, futures.Future) else None


def futures_after(future: Any) -> Iterator[Any]:
    """The futures of asyncio that are done when an executor's is: those that the closures of its callbacks hold, and of
    theirs (`wrap_future`, `shield`), by `_done_callbacks` and `_callbacks`.
    """
    seen: set[int] = set()
    left = [future]
    while left:
        for after in _held_by(_callbacks_of(left.pop()), _COMPLETING):
            if id(after) not in seen:
                seen.add(id(after))
                left.append(after)
                yield after


def _callbacks_of(future: Any) -> Iterable[Any]:
    if isinstance(future, futures.Future):
        return list(getattr(future, "_done_callbacks", ()))
    return [callback for callback, _ in getattr(future, "_callbacks", None) or ()]


def _held_by(callbacks: Iterable[Any], names: str | tuple[str, ...]) -> Iterator[Any]:
    """The futures that the closures of callbacks hold, of functions whose qualified name begins so."""
    for callback in callbacks:
        if not getattr(callback, "__qualname__", "").startswith(names):
            continue
        for cell in getattr(callback, "__closure__", None) or ():
            if isinstance(cell.cell_contents, asyncio.Future):
                yield cell.cell_contents

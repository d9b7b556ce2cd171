"""Where threads and tasks are, for reports."""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from collections.abc import Iterator
from types import FrameType
from typing import Any

from pytest_async_orm.patches.executors import handed_by_asgiref, holds_context
from pytest_async_orm.patches.interpreter import current_frames
from pytest_async_orm.patches.other_stack import stands_on

_NO_STACK = ""


def frames_of(thread: threading.Thread) -> list[FrameType]:
    """The frames of a running thread, innermost first; nothing if it has ended.

    Of the calling thread they begin with the caller's, which must not keep the list: it would hold itself, and with it
    the locals of every caller.
    """
    found: list[FrameType] = []
    here = thread is threading.current_thread()
    frame = sys._getframe(1) if here else current_frames().get(thread.ident or 0)
    while frame is not None:
        found.append(frame)
        frame = frame.f_back
    return found


def is_alive(thread: threading.Thread) -> bool:
    """Whether a thread runs. One that Python did not start, such as a greenlet, raises where others answer."""
    try:
        alive = thread.is_alive()
    except (AssertionError, RuntimeError):
        return False
    if alive and type(thread).__name__ == "_DummyThread" and not _has_greenlets():
        return thread.ident in current_frames()
    return alive


def _has_greenlets() -> bool:
    """Whether threads are greenlets here, which the interpreter does not list."""
    monkey: Any = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


def stack_of(thread: threading.Thread) -> str:
    """Where a thread is, formatted as `traceback.format_stack` does; empty if it has ended."""
    frame = current_frames().get(thread.ident or 0) if is_alive(thread) else None
    return "".join(traceback.format_stack(frame)) if frame is not None else _NO_STACK


def task_stack(task: asyncio.Task[Any]) -> str:
    """Where a task is suspended, formatted as `traceback.format_stack` does, the innermost frame last."""
    return "".join("".join(traceback.format_stack(frame, limit=1)) for frame in task.get_stack())


def in_event_loop() -> bool:
    """Whether the calling code stands on an event loop that runs at this moment."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return False
    return stands_on(loop, sys._getframe(1))


def task_of(thread: threading.Thread) -> str | None:
    """The name of the task that a thread works for, as far as asgiref's frames tell; None if they do not.

    Only a report reads this, so an unknown release of asgiref costs the name and no more.
    """
    for frame in frames_of(thread):
        handed = handed_by_asgiref(frame)
        if isinstance(handed, asyncio.Task):
            return handed.get_name()
        if handed is not None:
            return _task_holding(*handed)
    return None


def _task_holding(loop: Any, marker: Any) -> str | None:
    if not isinstance(loop, asyncio.AbstractEventLoop) or marker is None:
        return None
    for task in asyncio.all_tasks(loop):
        if any(holds_context(frame, marker) for frame in coroutine_frames(task)):
            return task.get_name()
    return None


def coroutine_frames(task: asyncio.Task[Any]) -> Iterator[FrameType]:
    """The frames of a task's coroutines, outermost first, through whatever they await."""
    awaited: Any = task.get_coro()
    while awaited is not None:
        kind = next((kind for kind in _AWAITING if hasattr(awaited, f"{kind}_frame")), None)
        if kind is None:
            return
        frame = getattr(awaited, f"{kind}_frame")
        if frame is not None:
            yield frame
        awaited = getattr(awaited, "gi_yieldfrom" if kind == "gi" else f"{kind}_await", None)


# Coroutines, async generators and generators name their frames, and what they wait for, by these beginnings.
_AWAITING = ("cr", "ag", "gi")

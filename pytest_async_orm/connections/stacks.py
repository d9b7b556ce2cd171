"""Where threads and tasks are, for reports."""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from collections.abc import Iterator
from types import FrameType
from typing import Any

_NO_STACK = ""


def frames_of(thread: threading.Thread) -> Iterator[FrameType]:
    """The frames of a running thread, innermost first; nothing if it has ended."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        yield frame
        frame = frame.f_back


def stack_of(thread: threading.Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0) if thread.is_alive() else None
    return "".join(traceback.format_stack(frame)) if frame is not None else _NO_STACK


def task_stack(task: asyncio.Task[Any]) -> str:
    return "".join("".join(traceback.format_stack(frame, limit=1)) for frame in task.get_stack())


def in_event_loop() -> bool:
    """Whether the calling thread runs an event loop at this moment."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def task_of(thread: threading.Thread) -> str | None:
    """The name of the task that a thread works for, as far as asgiref's frames tell; None if they do not.

    asgiref hands a thread the task itself (`source_task`, seen in 3.6 and 3.7) or a list that its coroutine holds too
    (`task_context`, seen in 3.8 to 3.13). Only a report reads this, so an unknown release costs the name and no more.
    """
    for frame in frames_of(thread):
        if frame.f_code.co_name == "thread_handler":
            seen = frame.f_locals
            source = seen.get("source_task")
            if isinstance(source, asyncio.Task):
                return source.get_name()
            return _task_holding(seen.get("loop"), seen.get("task_context"))
    return None


def _task_holding(loop: Any, marker: Any) -> str | None:
    if not isinstance(loop, asyncio.AbstractEventLoop) or marker is None:
        return None
    for task in asyncio.all_tasks(loop):
        if any(frame.f_locals.get("task_context") is marker for frame in _coroutine_frames(task)):
            return task.get_name()
    return None


def _coroutine_frames(task: asyncio.Task[Any]) -> Iterator[FrameType]:
    awaited: Any = task.get_coro()
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None)
        if frame is not None:
            yield frame
        awaited = getattr(awaited, "cr_await", None)

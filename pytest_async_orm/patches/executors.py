"""What executors of the standard library and threads of asgiref tell of themselves by private names."""

from __future__ import annotations

import asyncio
from types import FrameType
from typing import Any


def takes_calls(executor: Any) -> bool:
    """Whether an executor is not shut down: by `ThreadPoolExecutor._shutdown`, private, seen in Python 3.10 to 3.14.

    asgiref's `CurrentThreadExecutor` has none, and its thread is not its own.
    """
    return getattr(executor, "_shutdown", True) is False


def size_of(executor: Any) -> int | None:
    """The number of an executor's threads: `_max_workers`, private, seen in Python 3.10 to 3.14; None if unknown."""
    found = getattr(executor, "_max_workers", None)
    return found if isinstance(found, int) else None


def left_generators(loop: Any) -> list[Any]:
    """The async generators that a loop has seen begin: `_asyncgens`, private, seen in Python 3.10 to 3.14."""
    return list(getattr(loop, "_asyncgens", ()))


def handed_by_asgiref(frame: FrameType) -> asyncio.Task[Any] | tuple[Any, Any] | None:
    """What asgiref's frame on a thread tells of the task that it works for; None for any other frame.

    asgiref hands a thread the task itself (`source_task`, seen in 3.6 and 3.7), or a loop and a list that the task's
    coroutine holds too (`task_context`, seen in 3.8 to 3.13).
    """
    if frame.f_code.co_name != "thread_handler":
        return None
    seen = frame.f_locals
    source = seen.get("source_task")
    if isinstance(source, asyncio.Task):
        return source
    return seen.get("loop"), seen.get("task_context")


def holds_context(frame: FrameType, marker: Any) -> bool:
    """Whether a coroutine's frame of asgiref's has a list of `handed_by_asgiref`."""
    return frame.f_locals.get("task_context") is marker

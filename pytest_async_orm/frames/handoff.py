"""Which line, task and test handed work to another thread.

A thread's own frames do not tell: `await Tag.objects.aget()` runs Django's code alone on its worker. So the hand-over
is noted where it happens, on the stack that has the user's frames, for the ledger and for recordings (see `context`)
alike: in `ThreadPoolExecutor.submit`, by which asyncio's executors and asgiref's `sync_to_async` go, in `submit` of
asgiref's `CurrentThreadExecutor`, and in `Thread.start`.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

from pytest_async_orm.frames import lines
from pytest_async_orm.frames.context import carried, current_task_name, thread_starts
from pytest_async_orm.frames.lines import Frame, frames_from, is_users_file
from pytest_async_orm.frames.source import source_line
from pytest_async_orm.patches import targets
from pytest_async_orm.patches.interpreter import current_frames
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.records import SourceLine


class Caller:
    """Who handed work to a thread. One is made at every call of the ORM from a coroutine."""

    __slots__ = ("executor", "task_name", "test", "user_frame")

    def __init__(self, frame: FrameType) -> None:
        before = _HERE.caller
        self.user_frame: Frame | None = lines.user_frame(frame, _RUN) or _beyond(before)
        self.task_name = current_task_name()
        self.test: str | None = PROCESS.test if before is None else before.test
        self.executor: weakref.ref[Any] | None = None
        """The executor whose thread does the work; None for a thread without one."""


class Call(Caller):
    """What an executor is given instead of the user's function: the function, and who wants it called."""

    __slots__ = ("fn",)

    def __init__(self, frame: FrameType, fn: Callable[..., Any], executor: Any) -> None:
        super().__init__(frame)
        self.fn = fn
        if isinstance(executor, ThreadPoolExecutor):
            self.executor = weakref.ref(executor)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the call on the executor's thread, with its caller noted as the thread's present one."""
        __tracebackhide__ = True
        here = _HERE
        before = here.caller
        if self.executor is None and before is not None:
            # asgiref's `CurrentThreadExecutor`, whose thread works for another executor or for none.
            self.executor = before.executor
        here.caller = self
        try:
            return self.fn(*args, **kwargs)
        finally:
            here.caller = before


_RUN = Call.__call__.__code__


class _Here(threading.local):
    """Who gave the calling thread its present work: the last hand-over, else the start of the thread."""

    def __init__(self) -> None:
        self.caller: Caller | None = vars(threading.current_thread()).get("_async_orm_caller")


_HERE = _Here()


def install() -> None:
    """Note who hands work to threads from now on, while `PROCESS.noting` or a recording asks for it."""
    for target, make in (
        (targets.SUBMIT, _submitting),
        (targets.SUBMIT_TO_CURRENT, _submitting),
        (targets.MAKE_EXECUTOR, _making),
        (targets.START_THREAD, _starting),
    ):
        PROCESS.patches.install(target, make)


def present_caller() -> Caller | None:
    """Who gave the calling thread its present work; None if nobody noted it."""
    return _HERE.caller


def present_test() -> str | None:
    """The id of the test for which the calling thread works; None for the session."""
    caller = _HERE.caller
    return caller.test if caller is not None else PROCESS.test


def user_frame(frame: FrameType | None) -> Frame | None:
    """The user's line for what happens now: on this stack, at the hand-over, or where the running task was made."""
    return lines.user_frame(frame, _RUN) or _beyond(_HERE.caller)


def users_place(thread: threading.Thread) -> SourceLine:
    """The user's line for what a thread does now, with its stack cut to the user's frames; empty if neither its stack
    nor a hand-over has one.
    """
    frame = current_frames().get(thread.ident or 0) if thread.is_alive() else None
    frames, _ = frames_from(lines.outside_of_waiting(frame))
    if not frames:
        handed = _user_frame_handed(thread, frame)
        frames = (handed,) if handed is not None else ()
    return source_line(frames[0] if frames else None, frames, str(Path.cwd()))


def _user_frame_handed(thread: threading.Thread, frame: FrameType | None) -> Frame | None:
    """Where the call that a thread runs was handed over, or the thread was started."""
    while frame is not None:
        if frame.f_code is _RUN:
            caller: Caller = frame.f_locals["self"]
            return caller.user_frame
        frame = frame.f_back
    started: Caller | None = vars(thread).get("_async_orm_caller")
    return started.user_frame if started is not None else None


def _beyond(caller: Caller | None) -> Frame | None:
    return (caller.user_frame if caller is not None else None) or _made_task_at()


def _made_task_at() -> Frame | None:
    """Where the running task's coroutine was made, if the interpreter was told to remember it."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return None
    for path, line, _ in getattr(task.get_coro() if task is not None else None, "cr_origin", None) or ():
        if is_users_file(path):
            return path, line
    return None


def _submitting(original: Callable[..., Any]) -> Callable[..., Any]:
    def submit(executor: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        # This runs for every call of the ORM from a coroutine, so it makes no more calls than it needs.
        process = PROCESS
        if process.recordings:
            fn = carried(fn)
        if process.noting:
            fn = Call(sys._getframe(1), fn, executor)
        return original(executor, fn, *args, **kwargs)

    return submit


def _making(original: Callable[..., Any]) -> Callable[..., Any]:
    def __init__(executor: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - it stands for that method
        original(executor, *args, **kwargs)
        executor._async_orm_test = present_test()

    return __init__


def _starting(original: Callable[..., Any]) -> Callable[..., Any]:
    def start(thread: threading.Thread) -> None:
        starter = sys._getframe(1)
        thread_starts(thread, starter)
        if PROCESS.noting:
            vars(thread)["_async_orm_caller"] = Caller(starter)
        original(thread)

    return start

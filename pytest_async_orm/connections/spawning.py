"""Which line, task and test handed work to another thread.

A thread's own frames do not tell: `await Tag.objects.aget()` runs Django's code alone on its worker. So the hand-over
is noted where it happens, on the stack that has the user's frames. Public methods, patched once a process for the
ledger and for recordings (see `hops`) alike: `ThreadPoolExecutor.submit` (by which asyncio's executors and asgiref's
`sync_to_async` go) and `__init__`, `Thread.start`, and `submit` of asgiref's `CurrentThreadExecutor`.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from types import FrameType
from typing import Any

from asgiref.current_thread_executor import CurrentThreadExecutor

from pytest_async_orm.connections.callsites import is_users_file, user_place
from pytest_async_orm.connections.hops import carried, thread_starts
from pytest_async_orm.connections.places import Spot
from pytest_async_orm.connections.watching import WATCH


class Origin:
    """Who handed work to a thread. One is made at every call of the ORM from a coroutine."""

    __slots__ = ("executor", "spot", "task_name", "test")

    def __init__(self, frame: FrameType) -> None:
        before = SPAWNING.here.origin
        self.spot: Spot | None = user_place(frame, _RUN) or _spot_beyond(before)
        self.task_name = current_task_name()
        self.test: str | None = SPAWNING.test if before is None else before.test
        self.executor: weakref.ref[Any] | None = None
        """Whose thread does the work; None for one that works for none."""


class Handed(Origin):
    """What an executor is given in the place of a call: the call, and who wants it."""

    __slots__ = ("fn",)

    def __init__(self, frame: FrameType, fn: Callable[..., Any], executor: Any) -> None:
        super().__init__(frame)
        self.fn = fn
        if isinstance(executor, ThreadPoolExecutor):
            self.executor = weakref.ref(executor)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        here = SPAWNING.here
        before = here.origin
        if self.executor is None and before is not None:
            # asgiref's `CurrentThreadExecutor`, whose thread works for another executor or for none.
            self.executor = before.executor
        here.origin = self
        try:
            return self.fn(*args, **kwargs)
        finally:
            here.origin = before


class _Here(threading.local):
    """Who gave the calling thread its present work: the last hand-over, else whoever started it."""

    def __init__(self) -> None:
        self.origin: Origin | None = vars(threading.current_thread()).get("_async_orm_origin")


class Spawning:
    """Where the calling thread's work came from, and which test makes what is made now. One a process."""

    def __init__(self) -> None:
        self.test: str | None = None
        self.noting = False
        """Whether somebody asks where connections come from."""
        self.here = _Here()
        self._installed = False

    def install(self) -> None:
        if self._installed:
            return
        self._installed = True
        _patch(ThreadPoolExecutor, "submit", self._submitting)
        _patch(CurrentThreadExecutor, "submit", self._submitting)
        _patch(ThreadPoolExecutor, "__init__", self._making)
        _patch(threading.Thread, "start", self._starting)

    def origin(self) -> Origin | None:
        return self.here.origin

    def present_test(self) -> str | None:
        """The test for which the calling thread works."""
        origin = self.origin()
        return origin.test if origin is not None else self.test

    def spot(self, frame: FrameType | None) -> Spot | None:
        """The user's line for what happens now: on this stack, where the work was handed over, or where the task that
        runs was made.
        """
        return user_place(frame, _RUN) or _spot_beyond(self.here.origin)

    def _submitting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def submit(executor: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            # Every call of the ORM from a coroutine comes by: hence no more calls than are needed.
            if WATCH.recordings:
                fn = carried(fn)
            if self.noting:
                fn = Handed(sys._getframe(1), fn, executor)
            return original(executor, fn, *args, **kwargs)

        return submit

    def _making(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def __init__(executor: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - it stands for that method
            original(executor, *args, **kwargs)
            executor._async_orm_test = self.present_test()

        return __init__

    def _starting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def start(thread: threading.Thread) -> None:
            starter = sys._getframe(1)
            thread_starts(thread, starter)
            if self.noting:
                vars(thread)["_async_orm_origin"] = Origin(starter)
            original(thread)

        return start


_RUN = Handed.__call__.__code__


def _patch(owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    original = getattr(owner, name)
    setattr(owner, name, wraps(original)(make(original)))


def current_task_name() -> str | None:
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return None
    return task.get_name() if task is not None else None


def _spot_beyond(origin: Origin | None) -> Spot | None:
    return (origin.spot if origin is not None else None) or _made_task_at()


def _made_task_at() -> Spot | None:
    """Where the running task's coroutine was made, if the interpreter was told to remember: see `coroutines`."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return None
    for path, line, _ in getattr(task.get_coro() if task is not None else None, "cr_origin", None) or ():
        if is_users_file(path):
            return path, line
    return None


SPAWNING = Spawning()

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
from functools import partial, wraps
from types import FrameType
from typing import Any

from asgiref.current_thread_executor import CurrentThreadExecutor

from pytest_async_orm.connections.callsites import is_users_file, user_place
from pytest_async_orm.connections.hops import carried, thread_starts
from pytest_async_orm.connections.places import Spot
from pytest_async_orm.connections.watching import WATCH


class Origin:
    """Who handed work to a thread. No dataclass: one is made at every hand-over, and never changed."""

    __slots__ = ("executor", "spot", "task_name", "test")

    def __init__(
        self, spot: Spot | None, task_name: str | None, test: str | None, executor: weakref.ref[Any] | None = None
    ) -> None:
        self.spot = spot
        self.task_name = task_name
        self.test = test
        # None for asgiref's `CurrentThreadExecutor`, whose thread works for another executor or for none.
        self.executor = executor


class _Here(threading.local):
    origin: Origin | None = None


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
        """Who gave the calling thread its present work: the last hand-over, else the start of the thread."""
        found = self.here.origin
        if found is not None:
            return found
        started: Origin | None = threading.current_thread().__dict__.get("_async_orm_origin")
        return started

    def present_test(self) -> str | None:
        """The test for which the calling thread works."""
        origin = self.origin()
        return origin.test if origin is not None else self.test

    def spot(self, frame: FrameType | None) -> Spot | None:
        """The user's line for what happens now: on this stack, where the work was handed over, or where the task that
        runs was made.
        """
        spot: Spot | None = user_place(frame, _RUN)
        return spot if spot is not None else self._spot_beyond(self.origin())

    def _spot_beyond(self, origin: Origin | None) -> Spot | None:
        return (origin.spot if origin is not None else None) or _made_task_at()

    def _note(self, frame: FrameType, executor: weakref.ref[Any] | None = None) -> Origin:
        spot: Spot | None = user_place(frame, _RUN)
        origin = self.origin()
        if spot is None:
            spot = self._spot_beyond(origin)
        return Origin(spot, current_task_name(), self.test if origin is None else origin.test, executor)

    def _submitting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def submit(executor: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            # Every call of the ORM from a coroutine comes by: hence no more calls than are needed.
            if WATCH.recordings:
                fn = carried(fn)
            if self.noting:
                reference = weakref.ref(executor) if isinstance(executor, ThreadPoolExecutor) else None
                fn = partial(self._run, self._note(sys._getframe(1), reference), fn)
            return original(executor, fn, *args, **kwargs)

        return submit

    def _run(self, origin: Origin, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        here = self.here
        before = here.origin
        if origin.executor is None and before is not None:
            origin = Origin(origin.spot, origin.task_name, origin.test, before.executor)
        here.origin = origin
        try:
            return fn(*args, **kwargs)
        finally:
            here.origin = before

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
                vars(thread)["_async_orm_origin"] = self._note(starter)
            original(thread)

        return start


_RUN = Spawning._run.__code__


def _patch(owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    original = getattr(owner, name)
    setattr(owner, name, wraps(original)(make(original)))


def current_task_name() -> str | None:
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return None
    return task.get_name() if task is not None else None


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

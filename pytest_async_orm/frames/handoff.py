"""Which line, task and test handed work to another thread.

A thread's own frames do not tell: `await Tag.objects.aget()` runs Django's code alone on its worker. So the hand-over
is noted where it happens, on the stack that has the user's frames, for the ledger and for recordings (see `context`)
alike: in `ThreadPoolExecutor.submit`, by which asyncio's executors and asgiref's `sync_to_async` go, in `submit` of
asgiref's `CurrentThreadExecutor`, and in `Thread.start`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from pytest_async_orm.frames import lines
from pytest_async_orm.frames.context import carried, current_task_name, thread_starts
from pytest_async_orm.frames.lines import Frame, frames_from, is_users_file
from pytest_async_orm.frames.source import source_line
from pytest_async_orm.frames.stacks import frames_of, is_alive, stack_of
from pytest_async_orm.patches import targets
from pytest_async_orm.patches.interpreter import current_frames
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.records import SourceLine

if TYPE_CHECKING:
    from pytest_async_orm.records import Leftover


class Caller:
    """Who handed work to a thread. One is made at every call of the ORM from a coroutine."""

    __slots__ = ("executor", "origin", "task_name", "test", "user_frame")

    def __init__(self, frame: FrameType) -> None:
        before = _HERE.caller
        self.user_frame: Frame | None = lines.user_frame(frame, _RUN) or _beyond(before)
        self.task_name = current_task_name()
        self.test: str | None = PROCESS.test if before is None else before.test
        self.executor: weakref.ref[Any] | None = None
        """The executor whose thread does the work; None for a thread without one."""
        self.origin: Any = None
        """For a call, the sandbox of the test that hands it over; None for a fixture of wider scope, or no sandbox."""


class Call(Caller):
    """What an executor is given instead of the user's function: the function, and who wants it called."""

    __slots__ = ("fn",)

    def __init__(self, frame: FrameType, fn: Callable[..., Any], executor: Any) -> None:
        super().__init__(frame)
        self.fn = fn
        router = PROCESS.router
        if router is not None and self.test is not None:
            self.origin = router.origin()
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
# Makes an executor for each `ThreadSensitiveContext`, which is a request's.
_ASGIREF = f"asgiref{os.sep}sync.py"


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
    # trio's and anyio's threads, if these packages are in use.
    PROCESS.patches.install_when_imported(targets.START_IN_TRIO, _starting_in_trio)
    PROCESS.patches.install_when_imported(targets.START_IN_ANYIO, _starting_in_anyio)


def present_caller() -> Caller | None:
    """Who gave the calling thread its present work; None if nobody noted it."""
    return _HERE.caller


def present_call() -> Call | None:
    """The executor's call that the calling thread runs; None if it runs none, or nobody noted it."""
    caller = _HERE.caller
    return caller if isinstance(caller, Call) else None


def calls_on(thread: threading.Thread) -> Iterator[Call]:
    """The calls that a thread runs, innermost first, as far as they were noted."""
    for frame in frames_of(thread):
        if frame.f_code is _RUN:
            yield frame.f_locals["self"]


def present_test() -> str | None:
    """The id of the test for which the calling thread works; None for the session."""
    caller = _HERE.caller
    return caller.test if caller is not None else PROCESS.test


def user_frame(frame: FrameType | None) -> Frame | None:
    """The user's line for what happens now: on this stack, at the hand-over, or where the running task was made."""
    return lines.user_frame(frame, _RUN) or _beyond(_HERE.caller)


def users_place(thread: threading.Thread) -> SourceLine:
    """The user's line for what a thread does now, with its stack cut to the user's frames. If neither its stack nor a
    hand-over has one, the line is empty and the stack whole.
    """
    frame = current_frames().get(thread.ident or 0) if is_alive(thread) else None
    frames = frames_from(lines.outside_of_waiting(frame))[0]
    if not frames:
        handed = _user_frame_handed(thread, frame)
        frames = (handed,) if handed is not None else ()
    if not frames:
        return SourceLine("", stack_of(thread))
    return source_line(frames[0], frames, str(Path.cwd()))


def left_at_work(thread: threading.Thread, *, held_transaction: bool = False, pauses: bool = False) -> Leftover:
    """A thread that outlives its test, for the report."""
    from pytest_async_orm.records import Leftover

    place = users_place(thread)
    return Leftover("thread", thread.name, place.stack, held_transaction, pauses, str(place))


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
    return (caller.user_frame if caller is not None else None) or _made_task_at() or _spawned_greenlet_at()


def asked_at(frame: FrameType, served: str, *, handed: bool = False) -> Frame | None:
    """The user's line that asked for what is done below a frame of Django's, in a file whose path ends so: the line
    that reads a streamed response, or, also where it was handed to a thread, that sent a request by the test's client.
    None if there is no such line.
    """
    asking = lines.outermost(frame, served, None if handed else _RUN)
    if asking is None:
        return None
    return lines.user_frame(asking.f_back, _RUN) or (_handed_at(asking) if handed else None)


def _handed_at(frame: FrameType | None) -> Frame | None:
    """Where the call that runs below a frame was handed over; else where its thread was started."""
    while frame is not None and frame.f_code is not _RUN:
        frame = frame.f_back
    caller = vars(threading.current_thread()).get("_async_orm_caller") if frame is None else frame.f_locals["self"]
    return _beyond(caller)


def _made_task_at() -> Frame | None:
    """Where the running task's coroutine was made, if the interpreter was told to remember it."""
    for path, line, _ in getattr(_running_coroutine(), "cr_origin", None) or ():
        if is_users_file(path):
            return path, line
    return None


def _running_coroutine() -> Any:
    """The coroutine of the task that runs on the calling thread: asyncio's, or trio's."""
    trio: Any = sys.modules.get("trio")
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    if task is not None:
        return task.get_coro()
    try:
        return None if trio is None else trio.lowlevel.current_task().coro
    except RuntimeError:
        return None


def _spawned_greenlet_at() -> Frame | None:
    """Where the running greenlet was made, which gevent remembers."""
    gevent: Any = sys.modules.get("gevent")
    frame = getattr(gevent.getcurrent(), "spawning_stack", None) if gevent is not None else None
    while frame is not None:
        if is_users_file(frame.f_code.co_filename):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
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
        executor._async_orm_of_asgiref = sys._getframe(1).f_code.co_filename.endswith(_ASGIREF)

    return __init__


def _starting_in_trio(original: Callable[..., Any]) -> Callable[..., Any]:
    def start_thread_soon(cache: Any, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        # The context travels by itself.
        original(cache, Call(sys._getframe(1), fn, None) if PROCESS.noting else fn, *args, **kwargs)

    return start_thread_soon


def _starting_in_anyio(original: Callable[..., Any]) -> Callable[..., Any]:
    async def run_sync_in_worker_thread(cls: Any, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await original(cls, Call(sys._getframe(1), func, None) if PROCESS.noting else func, *args, **kwargs)

    return run_sync_in_worker_thread


def _starting(original: Callable[..., Any]) -> Callable[..., Any]:
    def start(thread: threading.Thread) -> None:
        starter = sys._getframe(1)
        thread_starts(thread, starter)
        if PROCESS.noting:
            vars(thread)["_async_orm_caller"] = Caller(starter)
        original(thread)

    return start

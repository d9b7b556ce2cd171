"""What a query's context is: which recording it belongs to, and which lines of the user's code wait for it.

Context variables travel with tasks, `sync_to_async` and `to_thread` by themselves. Beside them, and only while a
recording is open: the lines behind a hop to another thread or task, which are on no stack any more when the query is
sent; and threads and executors' calls, which carry no context but are started by somebody who has one. Nothing of the
application's own context is carried where Python does not carry it. What starts threads and hands calls to executors
is replaced in `handoff`, which asks here what to carry.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import thread as futures_thread
from contextlib import suppress
from contextvars import Context, ContextVar, Token
from functools import partial
from types import FrameType
from typing import Any, NamedTuple

from asgiref.sync import SyncToAsync

from pytest_async_orm.frames.lines import LIMIT, MAKING, Frames, Unit, frame_at, frames_from
from pytest_async_orm.patches import targets
from pytest_async_orm.patches.process import PROCESS


class Hop(NamedTuple):
    """A change to another thread or task, as the side that waits for it knows it."""

    frames: Frames
    call: int
    task_name: str | None
    purpose: int = 0
    unit: Unit | None = None
    own: int = 0
    """How many of the frames are of the present task, and not of what made it."""


NOWHERE = Hop((), 0, None)
HOP: ContextVar[Hop] = ContextVar("async_orm_hop", default=NOWHERE)
# What is attributed: an opaque value to this module. None: nothing is recorded in this context.
BELONGS_TO: ContextVar[Any] = ContextVar("async_orm_recording", default=None)


def belonging() -> Any:
    """The recording that the calling context, or else the start of its thread, belongs to; None if there is none."""
    if not PROCESS.recordings:
        return None
    found = BELONGS_TO.get()
    if found is not None or not PROCESS.started:
        return found
    start = PROCESS.started.get(threading.current_thread())
    return None if start is None else start[0]


def behind() -> Hop:
    """The hop that brought the calling context here; `NOWHERE` if there was none."""
    hop = HOP.get()
    if hop is NOWHERE and PROCESS.started:
        start = PROCESS.started.get(threading.current_thread())
        return hop if start is None else start[1]
    return hop


def install() -> None:
    """Note hops between threads and tasks from now on."""
    for target, make in (
        (targets.CALL_IN_THREAD, _calling_in_thread),
        (targets.CALL_IN_LOOP, _calling_in_loop),
        (targets.CREATE_TASK, _creating_task),
    ):
        PROCESS.patches.install(target, make)


def _seen(task_name: str | None) -> Hop:
    """The caller's lines, followed by those of the hop that brought the caller here."""
    frames, call, purpose, unit = frames_from(frame_at(1))
    hop = behind()
    own = len(frames) + hop.own
    if not frames:
        purpose |= hop.purpose
        return Hop(hop.frames, call or hop.call, task_name or hop.task_name, purpose, unit or hop.unit, own)
    purpose |= hop.purpose & MAKING
    unit = unit or beyond(hop.unit, len(frames))
    return Hop((frames + hop.frames)[:LIMIT], call, task_name or hop.task_name, purpose, unit, own)


def beyond(unit: Unit | None, frames: int) -> Unit | None:
    """The unit of a hop, seen from so many frames further in."""
    return None if unit is None else (unit[0], unit[1] + frames)


def current_task_name() -> str | None:
    """The name of the task that runs on the calling thread; None if there is none."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return None
    return None if task is None else task.get_name()


def _calling_in_thread(original: Callable[..., Any]) -> Callable[..., Any]:
    async def __call__(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N807 - it stands for that method
        if belonging() is None:
            return await original(self, *args, **kwargs)
        token = HOP.set(_seen(current_task_name()))
        try:
            return await original(self, *args, **kwargs)
        finally:
            _reset(token)

    return __call__


def _calling_in_loop(original: Callable[..., Any]) -> Callable[..., Any]:
    def __call__(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N807 - it stands for that method
        if belonging() is None:
            return original(self, *args, **kwargs)
        # It runs as a task of its own.
        token = HOP.set(_seen(None)._replace(own=0))
        try:
            return original(self, *args, **kwargs)
        finally:
            _reset(token)

    return __call__


def _reset(token: Token[Hop]) -> None:
    try:
        HOP.reset(token)
    except ValueError:
        # A coroutine that is closed by another context than the one that ran it.
        HOP.set(NOWHERE)


def _creating_task(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_task(self: Any, coro: Any, **options: Any) -> Any:
        if options.get("context") is not None or belonging() is None:
            return original(self, coro, **options)
        # The task copies the context in which it is made.
        token = HOP.set(_seen(None)._replace(task_name=None, own=0))
        try:
            return original(self, coro, **options)
        finally:
            _reset(token)

    return create_task


def thread_starts(thread: threading.Thread, starter: FrameType) -> None:
    """Note which recording a new thread belongs to; a pool's thread belongs to none, only each of its calls does."""
    found = belonging()
    if found is not None and not _is_worker(thread, starter):
        PROCESS.started[thread] = (found, _seen(None))


def _is_worker(thread: threading.Thread, starter: FrameType) -> bool:
    return starter.f_code.co_filename == _EXECUTORS or type(thread).__module__.startswith("anyio.")


_EXECUTORS = futures_thread.__file__


def carried(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function that an executor must run instead, so that a call belongs to the recording of its submitter."""
    found = belonging()
    if found is None or _is_asgirefs(fn):
        return fn
    hop = _seen(current_task_name())
    if (context := _context_of(fn)) is not None:
        # One that is entered already cannot be written to; its call lacks these lines.
        with suppress(RuntimeError):
            context.run(HOP.set, hop)
        return fn
    return partial(_carried, found, hop, fn)


def _is_asgirefs(fn: Any) -> bool:
    """asgiref hands the context over by itself, and the replaced `SyncToAsync.__call__` has noted the hop."""
    return isinstance(fn, partial) and getattr(fn.func, "__func__", None) is SyncToAsync.thread_handler


def _context_of(fn: Any) -> Context | None:
    """The context that `asyncio.to_thread`, or the application, has copied for a call: the hop is noted in it."""
    owner = getattr(fn.func if isinstance(fn, partial) else fn, "__self__", None)
    return owner if isinstance(owner, Context) else None


def _carried(found: Any, hop: Hop, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Run an executor's call for the recording of its submitter."""
    tokens = BELONGS_TO.set(found), HOP.set(hop)
    try:
        return fn(*args, **kwargs)
    finally:
        BELONGS_TO.reset(tokens[0])
        HOP.reset(tokens[1])

"""What happens to a task at one of its statements: it goes on, it fails, or it is cancelled there.

The point is a statement, reached on whatever thread the task's work runs; no clock decides.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.db import connections
from django.db.backends.signals import connection_created


class Injected(Exception):
    """A statement that fails."""


@dataclass
class Fate:
    """`kind` is `succeeds`, `fails` or `cancelled`; `statement` counts from 0. `met` says that it came to that."""

    kind: str = "succeeds"
    statement: int = 0
    met: bool = False
    _seen: int = 0
    _task: asyncio.Task[Any] | None = None
    _loop: asyncio.AbstractEventLoop | None = None
    _delivered: threading.Event = field(default_factory=threading.Event)

    async def around(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Await the work in this task, under this fate."""
        self._task, self._loop = asyncio.current_task(), asyncio.get_running_loop()
        token = _FATE.set(self)
        try:
            return await work()
        finally:
            _FATE.reset(token)

    def arrive(self) -> None:
        """Called on the work's thread before each statement."""
        here, self._seen = self._seen == self.statement, self._seen + 1
        if not here or self.kind == "succeeds":
            return
        self.met = True
        if self.kind == "fails":
            raise Injected
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._cancel)
        assert self._delivered.wait(20), "the event loop is blocked"

    def _cancel(self) -> None:
        assert self._task is not None
        self._task.cancel()
        # A turn of the loop later the task has been thrown into, and waits again or has ended.
        asyncio.get_running_loop().call_soon(self._delivered.set)


_FATE: ContextVar[Fate | None] = ContextVar("fate", default=None)


def _execute(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    # BEGIN and savepoints are statements on SQLite alone: a point has one meaning on every database.
    if (fate := _FATE.get()) is not None and str(sql).split()[0] in ("SELECT", "INSERT", "UPDATE"):
        fate.arrive()
    return execute(sql, params, many, context)


def _watch(connection: Any, **_: Any) -> None:
    if _execute not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, _execute)


@contextmanager
def fates() -> Iterator[None]:
    """Statements of every thread meet the fate of their task."""
    connection_created.connect(_watch)
    for connection in connections.all(initialized_only=True):
        _watch(connection)
    try:
        yield
    finally:
        connection_created.disconnect(_watch)

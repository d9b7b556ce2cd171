"""Every statement of every thread's connection, seen from Django's public execute wrapper."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

# Atomic names its savepoints by thread and counter: two runs of one program never share a name.
_SAVEPOINT = re.compile(r'"?\bs\d+_x\d+\b"?')


@dataclass(frozen=True)
class Statement:
    """One statement as Django handed it to the driver.

    `started` and `ended` are readings of the monotonic clock, in seconds. `on_event_loop` says that it ran, and so
    blocked, on a thread whose event loop was running.
    """

    sql: str
    params: Any
    many: bool
    thread: int
    on_event_loop: bool
    connection: int
    in_atomic_block: bool
    started: float
    ended: float

    @property
    def normalised(self) -> str:
        """The text without what differs from run to run by design."""
        return _SAVEPOINT.sub("SAVEPOINT_ID", self.sql)


class Recorder:
    """Watches connections from their first statement on. One recorder a process."""

    def __init__(self) -> None:
        self._statements: list[Statement] = []
        self._watching = ExitStack()
        # Called with no argument before each statement runs: where a check needs to hold it.
        self.before: Callable[[], None] | None = None

    def install(self) -> None:
        """Watch every connection that is open, and every one that will be opened, on any thread."""
        from django.db import connections
        from django.db.backends.signals import connection_created

        connection_created.connect(self._on_created, weak=False, dispatch_uid=id(self))
        for connection in connections.all(initialized_only=True):
            self._watch(connection)

    @contextmanager
    def recording(self) -> Iterator[list[Statement]]:
        """Collect the statements of all threads while the block runs."""
        start = len(self._statements)
        collected: list[Statement] = []
        try:
            yield collected
        finally:
            collected.extend(self._statements[start:])
            del self._statements[start:]

    def _on_created(self, connection: Any, **_: Any) -> None:
        self._watch(connection)

    def _watch(self, connection: Any) -> None:
        # A wrapper outlives a reconnection of the same object.
        if self._execute not in connection.execute_wrappers:
            self._watching.enter_context(connection.execute_wrapper(self._execute))

    def _execute(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if self.before is not None:
            self.before()
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self._statements.append(
                Statement(
                    sql=str(sql),
                    params=params,
                    many=many,
                    thread=threading.get_ident(),
                    on_event_loop=_event_loop_runs(),
                    connection=id(context["connection"]),
                    in_atomic_block=context["connection"].in_atomic_block,
                    started=started,
                    ended=time.perf_counter(),
                )
            )


def _event_loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True

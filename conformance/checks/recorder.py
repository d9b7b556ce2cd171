"""Every statement of every thread's connection, seen from Django's public execute wrapper."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from conformance.checks.instruments.chunks import chunks_of, reading_in_chunks
from conformance.checks.instruments.connections import initialized_connections
from conformance.checks.instruments.probe import touch

# What Django sends as it connects to MariaDB.
CONNECTING = ("SET SESSION TRANSACTION ISOLATION LEVEL", "SET SQL_AUTO_IS_NULL")
# Atomic names its savepoints by thread and counter: two runs of one program never share a name.
_SAVEPOINT = re.compile(r'"?\bs\d+_x\d+\b"?')


@dataclass(frozen=True)
class Statement:
    """One statement as Django handed it to the driver.

    `started` and `ended` are readings of the monotonic clock, in seconds. `on_event_loop` says that it ran, and so
    blocked, on a thread whose event loop was running. `context` is what the caller's context variable was here.
    `chunks` are the numbers of rows that were asked for one after the other, where its rows are not read all at once;
    None where they are. `failed` says that the driver raised an error.
    """

    sql: str
    params: Any
    many: bool
    thread: int
    on_event_loop: bool
    connection: int
    alias: str
    in_atomic_block: bool
    context: int | None
    started: float
    ended: float
    chunks: list[int] | None = None
    failed: bool = False

    @property
    def normalised(self) -> str:
        """The text without what differs from run to run by design."""
        return _SAVEPOINT.sub("SAVEPOINT_ID", self.sql)


class Recorder:
    """Watches connections from their first statement on. One recorder a process."""

    def __init__(self) -> None:
        self._statements: list[Statement] = []
        # Where each open recording begins.
        self._starts: list[int] = []
        self._watching = ExitStack()
        # Called with no argument before each statement runs: where a check needs to hold it.
        self.before: Callable[[], None] | None = None

    def install(self) -> None:
        """Watch every connection that is open, and every one that will be opened, on any thread."""
        from django.db.backends.signals import connection_created

        connection_created.connect(self._on_created, weak=False, dispatch_uid=id(self))
        for connection in initialized_connections():
            self._watch(connection)

    def count(self) -> int:
        """How many statements the recording that was opened last has seen; 0 where none is open."""
        return len(self._statements) - self._starts[-1] if self._starts else 0

    @contextmanager
    def recording(self) -> Iterator[list[Statement]]:
        """Collect the statements of all threads while the block runs."""
        start = len(self._statements)
        self._starts.append(start)
        collected: list[Statement] = []
        try:
            yield collected
        finally:
            self._starts.pop()
            collected.extend(self._statements[start:])
            del self._statements[start:]

    def _on_created(self, connection: Any, **_: Any) -> None:
        self._watch(connection)

    def _watch(self, connection: Any) -> None:
        # A wrapper outlives a reconnection of the same object.
        if self._execute not in connection.execute_wrappers:
            self._watching.enter_context(connection.execute_wrapper(self._execute))
            self._watching.enter_context(reading_in_chunks(connection))

    def _execute(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if self.before is not None:
            self.before()
        # Whether a call finds a connection, or makes one, is nothing that a caller's variable tells of.
        seen = None if str(sql).startswith(CONNECTING) else touch()
        started, failed = time.perf_counter(), True
        try:
            result = execute(sql, params, many, context)
            failed = False
        finally:
            if self._starts:
                statement = self._statement(sql, params, many, context, started, seen)
                self._statements.append(replace(statement, failed=True) if failed else statement)
        return result

    def _statement(
        self, sql: str, params: Any, many: bool, context: dict[str, Any], started: float, seen: int | None
    ) -> Statement:
        connection = context["connection"]
        return Statement(
            sql=str(sql),
            params=params,
            many=many,
            thread=threading.get_ident(),
            on_event_loop=_event_loop_runs(),
            connection=id(connection),
            alias=connection.alias,
            in_atomic_block=connection.in_atomic_block,
            context=seen,
            started=started,
            ended=time.perf_counter(),
            chunks=chunks_of(context["cursor"]),
        )


def _event_loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True

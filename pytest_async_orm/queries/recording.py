"""Recordings: what is open where, and which of them a statement belongs to.

A recording belongs to a context, not to a connection. Blocks of one task nest; what a context started goes on to belong
to it, and to the next wider block once it is closed. One recording may be wide: it takes what belongs to no block too.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import suppress
from contextvars import Token
from typing import Any

from pytest_async_orm.connections.atomics import in_application_transaction
from pytest_async_orm.connections.callsites import Places, caller, place_of_libraries, places_from
from pytest_async_orm.connections.hops import BELONGS_TO, behind, belonging, install
from pytest_async_orm.connections.statements import text_of
from pytest_async_orm.connections.watching import WATCH
from pytest_async_orm.queries.entries import Entry

KEPT = 10_000
"""How many queries one recording keeps whole. Those beyond are counted, by alias and text alone."""

# `perf_counter` to seconds since the epoch.
_EPOCH = time.time() - time.perf_counter()


class Recording:
    """From `open` to `close`, takes the queries that belong to it."""

    def __init__(self, *, wide: bool = False, kept: int = KEPT) -> None:
        """`wide`: takes also what belongs to no block. One at a time in a process."""
        self.parent: Recording | None = None
        self.entries: list[Entry] = []
        self.beyond: Counter[tuple[str, str, str]] = Counter()
        """Queries that were not kept: how many of an alias, a vendor and a text."""
        self.is_open = False
        self.saw_connections = False
        self._wide = wide
        self._kept = kept
        self._lock = threading.Lock()
        self._token: Token[Any] | None = None

    def open(self) -> None:
        install()
        WATCH.open(_record)
        self.parent = belonging()[0]
        self.is_open = True
        self._token = BELONGS_TO.set(self)
        if self._wide:
            _WIDE.append(self)
        self.saw_connections = WATCH.sees_something()

    def close(self) -> None:
        if not self.is_open:
            return
        self.is_open = False
        self.saw_connections |= WATCH.sees_something()
        if self._wide:
            _WIDE.remove(self)
        if self._token is not None:
            # Closed in another context than it was opened in, as the halves of a fixture may be: there it ends by
            # being closed.
            with suppress(ValueError):
                BELONGS_TO.reset(self._token)
        WATCH.close()

    def take(self, entry: Entry) -> None:
        if len(self.entries) < self._kept:
            self.entries.append(entry)
            return
        with self._lock:
            self.beyond[entry.alias, entry.vendor, entry.sql] += 1

    def __len__(self) -> int:
        return len(self.entries) + self.beyond.total()


_WIDE: list[Recording] = []


def _record(
    connection: Any, sql: Any, params: Any, many: bool, started: float, ended: float, cursor: Any, error: Any
) -> None:
    """Hand a statement to every open recording that it belongs to."""
    recording, known = belonging()
    wide = _WIDE[-1] if _WIDE else None
    if recording is None and wide is None:
        return
    entry = _entry(connection, sql, params, many, started, ended, cursor, error)
    while recording is not None:
        if recording.is_open:
            recording.take(entry)
            if recording is wide:
                wide = None
        recording = recording.parent
    if wide is not None:
        wide.take(entry if known else entry.unattributed())


def _entry(
    connection: Any, sql: Any, params: Any, many: bool, started: float, ended: float, cursor: Any, error: Any
) -> Entry:
    frame = caller(3)
    places, call = places_from(frame)
    hop = behind()
    if not places:
        call = hop.call or call
    stack: Places = places + hop.places
    return Entry(
        sql if type(sql) is str else text_of(sql, connection),
        params,
        many,
        connection.alias,
        connection.vendor,
        _EPOCH + started,
        ended - started,
        -1 if cursor is None or error is not None else cursor.rowcount,
        threading.current_thread().name,
        hop.task_name,
        in_application_transaction(connection),
        stack or place_of_libraries(frame),
        call,
        error,
    )

"""Recordings: what is open where, and which of them a statement belongs to.

A recording belongs to a context, not to a connection. Blocks of one task nest; what a context started goes on to belong
to it, and to the next wider block once it is closed. One recording may be wide: it takes what belongs to no block too.
"""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import suppress
from contextvars import Token
from sys import _getframe
from threading import current_thread
from typing import Any

from pytest_async_orm.connections.atomics import in_application_transaction
from pytest_async_orm.connections.callsites import LIMIT, place_of_libraries, places_from
from pytest_async_orm.connections.hops import BELONGS_TO, HOP, NOWHERE, STARTED, behind, belonging, install
from pytest_async_orm.connections.refused import NATIVE_USED
from pytest_async_orm.connections.spawning import SPAWNING
from pytest_async_orm.connections.statements import text_of
from pytest_async_orm.connections.watching import WATCH
from pytest_async_orm.queries.entries import Entry

KEPT = 10_000
"""How many queries one recording keeps whole. Those beyond are counted, by alias and text alone."""


class Recording:
    """From `open` to `close`, takes the queries that belong to it."""

    def __init__(self, *, wide: bool = False, stacks: bool = True, kept: int = KEPT) -> None:
        """`wide`: takes also what belongs to no block; one at a time in a process. `stacks`: looks for all lines of the
        user's code that lead to a query, not for the innermost alone, which is cheaper.
        """
        self.parent: Recording | None = None
        # The fields of an `Entry` each: making one takes longer than all the rest.
        self._fields: list[tuple[Any, ...]] = []
        self.beyond: Counter[tuple[str, str]] = Counter()
        """Queries that were not kept: how many of an alias and a text."""
        self.is_open = False
        self.saw_connections = False
        self.native: Counter[str] = Counter()
        """Native connections that were used meanwhile, whose queries nobody can see."""
        self._wide = wide
        self._stacks = stacks
        self.kept = kept
        self._lock = threading.Lock()
        self._token: Token[Any] | None = None

    def open(self) -> None:
        install()
        SPAWNING.install()
        WATCH.open(_record)
        self.parent = belonging()
        self.is_open = True
        self._token = BELONGS_TO.set(self)
        if self._wide:
            _WIDE.append(self)
        if self._stacks:
            _WANT_STACKS.append(self)
        self.saw_connections = WATCH.sees_something()
        self.native = Counter(NATIVE_USED)

    def close(self) -> None:
        if not self.is_open:
            return
        self.is_open = False
        self.saw_connections |= WATCH.sees_something()
        self.native = NATIVE_USED - self.native
        if self._wide:
            _WIDE.remove(self)
        if self._stacks:
            _WANT_STACKS.remove(self)
        if self._token is not None:
            # Closed in another context than it was opened in, as the halves of a fixture may be: there it ends by
            # being closed.
            with suppress(ValueError):
                BELONGS_TO.reset(self._token)
        WATCH.close()

    def take(self, fields: tuple[Any, ...]) -> None:
        if len(self._fields) < self.kept:
            self._fields.append(fields)
            return
        with self._lock:
            entry = Entry(*fields)
            self.beyond[entry.alias, entry.sql] += 1

    def entries(self, start: int = 0) -> list[Entry]:
        """What was kept, from a number on."""
        return [Entry(*fields) for fields in self._fields[start:]]

    def __len__(self) -> int:
        return len(self._fields) + self.beyond.total()


_WIDE: list[Recording] = []
_WANT_STACKS: list[Recording] = []


def _record(
    connection: Any, sql: Any, params: Any, many: bool, started: float, ended: float, cursor: Any, error: Any
) -> None:
    """Hand a statement to every open recording that it belongs to. Runs with every query: hence in one piece."""
    recording = BELONGS_TO.get()
    if recording is None and STARTED:
        recording = belonging()
    wide = _WIDE[-1] if _WIDE else None
    if recording is None and wide is None:
        return
    frame = _getframe(2)
    places, call = places_from(frame, LIMIT if _WANT_STACKS else 1)
    hop = HOP.get()
    if hop is NOWHERE and STARTED:
        hop = behind()
    if hop is not NOWHERE:
        if not places:
            call = hop.call or call
        places += hop.places
    # The fields of an `Entry`.
    entry = (
        sql if type(sql) is str else text_of(sql, connection),
        params,
        many,
        connection.alias,
        connection.vendor,
        started,
        ended - started,
        # The driver's own cursor: Django's wrapper takes longer to find it than the driver to answer.
        -1 if cursor is None or error is not None else cursor.cursor.rowcount,
        current_thread().name,
        hop.task_name,
        in_application_transaction(connection) if connection.in_atomic_block else not connection.autocommit,
        places or place_of_libraries(frame),
        call,
        # The text, not the exception: its traceback would keep every frame's locals alive.
        None if error is None else f"{type(error).__name__}: {error}",
        True,
    )
    while recording is not None:
        if recording.is_open:
            # `take`, in the usual case without the call.
            if len(recording._fields) < recording.kept:
                recording._fields.append(entry)
            else:
                recording.take(entry)
            if recording is wide:
                wide = None
        recording = recording.parent
    if wide is not None:
        # No context led to it: the entry says so.
        wide.take((*entry[:-1], False))

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

from pytest_async_orm.drivers.statements import text_of
from pytest_async_orm.frames import context, handoff
from pytest_async_orm.frames.context import BELONGS_TO, HOP, NOWHERE, behind, belonging, beyond
from pytest_async_orm.frames.lines import LIMIT, MAKING, OPENING, beyond_wrappers, frames_from, frames_of_libraries
from pytest_async_orm.patches.atomics import in_application_transaction
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.recording.raw import RawQuery
from pytest_async_orm.recording.watch import Watch

KEPT = 10_000
"""How many queries one recording keeps whole. Those beyond are counted, by alias and text alone."""


class Recording:
    """From `open` to `close`, takes the queries that belong to it."""

    def __init__(self, *, wide: bool = False, stacks: bool = True, kept: int = KEPT) -> None:
        """`wide`: takes also what belongs to no block; one at a time in a process. `stacks`: looks for all lines of the
        user's code that lead to a query, not for the innermost alone, which is cheaper.
        """
        self.parent: Recording | None = None
        # The fields of a `RawQuery` each: making one takes longer than all the rest.
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
        """Take what the calling context, and what it starts, sends from now on."""
        context.install()
        handoff.install()
        watch = PROCESS.one(Watch)
        watch.open(_record)
        self.parent = belonging()
        self.is_open = True
        self._token = BELONGS_TO.set(self)
        if self._wide:
            PROCESS.wide.append(self)
        if self._stacks:
            PROCESS.want_stacks.append(self)
        self.saw_connections = watch.sees_something()
        self.native = Counter(PROCESS.native_used)

    def close(self) -> None:
        """Take nothing more; again does no harm."""
        if not self.is_open:
            return
        self.is_open = False
        watch = PROCESS.one(Watch)
        self.saw_connections |= watch.sees_something()
        self.native = PROCESS.native_used - self.native
        if self._wide:
            PROCESS.wide.remove(self)
        if self._stacks:
            PROCESS.want_stacks.remove(self)
        if self._token is not None:
            # Closed in another context than it was opened in, as the halves of a fixture may be.
            with suppress(ValueError):
                BELONGS_TO.reset(self._token)
        watch.close()

    def take(self, fields: tuple[Any, ...]) -> None:
        """Keep the fields of a `RawQuery`, or count them once `kept` queries are kept."""
        if len(self._fields) < self.kept:
            self._fields.append(fields)
            return
        with self._lock:
            raw = RawQuery(*fields)
            self.beyond[raw.alias, raw.sql] += 1

    def raw_queries(self, start: int = 0) -> list[RawQuery]:
        """What was kept, from a number on."""
        return [RawQuery(*fields) for fields in self._fields[start:]]

    def __len__(self) -> int:
        return len(self._fields) + self.beyond.total()


def _record(
    connection: Any, sql: Any, params: Any, many: bool, started: float, ended: float, cursor: Any, error: Any
) -> None:
    """Hand a statement to every open recording that it belongs to; one function, since it runs for every query."""
    recording = BELONGS_TO.get()
    process = PROCESS
    if recording is None and process.started:
        recording = belonging()
    wide = process.wide[-1] if process.wide else None
    if recording is None and wide is None:
        return
    frame = beyond_wrappers(_getframe(2))
    stacks = bool(process.want_stacks)
    frames, call, purpose, unit = frames_from(frame, LIMIT if stacks else 1)
    if purpose & OPENING:
        # Whether a connection is new depends on the thread that a task gets; Django's own count opens it first.
        return
    hop = HOP.get()
    if hop is NOWHERE and process.started:
        hop = behind()
    own = len(frames)
    if hop is not NOWHERE:
        if not frames:
            call, purpose = hop.call or call, purpose | hop.purpose
        if stacks:
            purpose |= hop.purpose & MAKING
            unit = unit or beyond(hop.unit, own)
            own += hop.own
        frames += hop.frames
    # The fields of a `RawQuery`.
    fields = (
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
        frames,
        call,
        (purpose, unit, own, () if frames else frames_of_libraries(frame)) if stacks else None,
        # The text, not the exception: its traceback would keep every frame's locals alive.
        None if error is None else f"{type(error).__name__}: {error}",
        True,
    )
    while recording is not None:
        if recording.is_open:
            # `take`, in the usual case without the call.
            if len(recording._fields) < recording.kept:
                recording._fields.append(fields)
            else:
                recording.take(fields)
            if recording is wide:
                wide = None
        recording = recording.parent
    if wide is not None:
        # No context led to it, which its last field says.
        wide.take((*fields[:-1], False))

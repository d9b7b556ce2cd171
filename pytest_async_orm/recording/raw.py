"""What is kept of a query while it is recorded: as little work as possible, the rest when somebody looks."""

from __future__ import annotations

from typing import Any, NamedTuple

from pytest_async_orm.clock import REAL
from pytest_async_orm.frames import lines
from pytest_async_orm.frames.lines import Frames, Unit
from pytest_async_orm.frames.source import call_site, columns_of
from pytest_async_orm.recording.fingerprints import fingerprint, kind_of
from pytest_async_orm.records import Origin, Query

# `perf_counter` to seconds since the epoch.
_EPOCH = REAL.time() - REAL.perf_counter()


class RawQuery(NamedTuple):
    """One query, unresolved."""

    sql: Any
    params: Any
    many: bool
    alias: str
    vendor: str
    started: float
    seconds: float
    rows: int
    thread_name: str
    task_name: str | None
    in_transaction: bool
    stack: Frames
    call: int
    origin: tuple[int, Unit | None, int, Frames] | None
    """What was under way: bits of purposes, the unit, how many frames are the present task's, and, where no frame is
    known, a library's. None if no stacks are wanted.
    """
    error: str | None
    attributed: bool

    @property
    def call_site(self) -> str:
        """`file:line` of the innermost frame of the user's code; empty if there is none."""
        return call_site(self.stack[0]) if self.stack else ""

    @property
    def fingerprint(self) -> str:
        """The statement without its literals and with every list of values as one."""
        return fingerprint(self.sql)

    def query(self) -> Query:
        """The query, spelled out: lines, kind, fingerprint, seconds since the epoch, milliseconds."""
        return Query(
            sql=self.sql,
            params=self.params,
            alias=self.alias,
            vendor=self.vendor,
            kind=kind_of(self.sql),
            started_at=_EPOCH + self.started,
            duration_ms=1000 * self.seconds,
            rows=self.rows if self.rows >= 0 else None,
            thread_name=self.thread_name,
            task_name=self.task_name,
            in_transaction=self.in_transaction,
            fingerprint=self.fingerprint,
            call_site=self.call_site,
            error=self.error,
            many=self.many,
            attributed=self.attributed,
            stack=tuple(map(call_site, self.stack)),
            call=self.call,
            columns=tuple(map(columns_of, self.stack)),
            origin=self._origin(),
        )

    def _origin(self) -> Origin:
        purpose, unit, own, sender = self.origin or (0, None, len(self.stack), ())
        number, inside = unit or (0, len(self.stack))
        return Origin(
            unit=number,
            inside=min(inside, len(self.stack)),
            own=own,
            related=bool(purpose & lines.RELATED),
            writes=bool(purpose & lines.WRITE),
            refreshes=bool(purpose & lines.REFRESH),
            validates=bool(purpose & lines.VALIDATION),
            makes=bool(purpose & lines.MAKING),
            sender=call_site(sender[0]) if sender else "",
        )

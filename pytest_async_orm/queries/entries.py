"""What is kept of a query while it is recorded: as little work as possible, the rest when somebody looks."""

from __future__ import annotations

from typing import Any

from pytest_async_orm.connections.callsites import Places, line_of
from pytest_async_orm.queries.fingerprints import fingerprint, kind_of
from pytest_async_orm.records import Query


class Entry:
    """One query, unresolved."""

    __slots__ = (
        "alias", "attributed", "call", "error", "in_transaction", "many", "params", "rows", "seconds", "sql",
        "stack", "started_at", "task_name", "thread_name", "vendor",
    )  # fmt: skip

    def __init__(
        self, sql: str, params: Any, many: bool, alias: str, vendor: str, started_at: float, seconds: float, rows: int,
        thread_name: str, task_name: str | None, in_transaction: bool, stack: Places, call: int, error: Any,
    ) -> None:  # fmt: skip
        self.sql = sql
        self.params = params
        self.many = many
        self.alias = alias
        self.vendor = vendor
        self.started_at = started_at
        self.seconds = seconds
        self.rows = rows
        self.thread_name = thread_name
        self.task_name = task_name
        self.in_transaction = in_transaction
        self.stack = stack
        self.call = call
        # The text, not the exception: its traceback would keep every frame's locals alive.
        self.error = None if error is None else f"{type(error).__name__}: {error}"
        self.attributed = True

    def unattributed(self) -> Entry:
        self.attributed = False
        return self

    def query(self) -> Query:
        stack = tuple(map(line_of, self.stack))
        return Query(
            sql=self.sql,
            params=self.params,
            alias=self.alias,
            vendor=self.vendor,
            kind=kind_of(self.sql),
            started_at=self.started_at,
            duration_ms=1000 * self.seconds,
            rows=self.rows if self.rows >= 0 else None,
            thread_name=self.thread_name,
            task_name=self.task_name,
            in_transaction=self.in_transaction,
            fingerprint=fingerprint(self.sql),
            call_site=stack[0] if stack else "",
            error=self.error,
            many=self.many,
            attributed=self.attributed,
            stack=stack,
            call=self.call,
        )

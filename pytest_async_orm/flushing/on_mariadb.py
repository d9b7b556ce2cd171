"""MariaDB: Django deletes table by table, so a table without rows is left out of its statements.

Rows are asked for with a shared lock, which waits for the transactions of others as Django's DELETE would. What lists
transactions, `information_schema.innodb_trx`, is up to 0.1 s old, and is for reports alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from pytest_async_orm.flushing.asking import (
    Answer,
    Common,
    Contents,
    Names,
    NotUnderstood,
    Session,
    chain_of,
    rows_of,
    union,
)  # fmt: skip
from pytest_async_orm.messages import flushing as messages

_LOCK_WAIT_TIMEOUT = 1205
_LIMITS = ("innodb_lock_wait_timeout", "lock_wait_timeout")
_LOCKERS = (
    "SELECT p.id, p.command <> 'Sleep', COALESCE(p.info, '') FROM information_schema.innodb_trx AS t "
    "JOIN information_schema.processlist AS p ON p.id = t.trx_mysql_thread_id "
    "WHERE p.db = DATABASE() AND p.id <> CONNECTION_ID()"
)


class MariaDB(Common):
    """A database of a server."""

    name: ClassVar[str] = "MariaDB"

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self._existing: list[str] = []

    def ask(self, connection: Any, cursor: Any, tables: Names, stay: Names) -> Answer:
        """Which of the tables hold rows, and the contents of those that may stay. Raises `NotUnderstood`."""
        triggers = rows_of(cursor, "SHOW TRIGGERS")
        if triggers:
            raise NotUnderstood(messages.has_trigger(triggers[0][0]))
        if set(self._existing) != set(tables):
            there = {name for name, kind in rows_of(cursor, "SHOW FULL TABLES") if kind == "BASE TABLE"}
            self._existing = [table for table in tables if table in there]
        contents = self.read(connection, cursor, stay) if stay else None
        return Answer(bool(self._existing), self._touched(connection, cursor), contents)

    def _touched(self, connection: Any, cursor: Any) -> set[str]:
        if not self._existing:
            return set()
        quote = connection.ops.quote_name
        sql = union(
            lambda number, table: f"(SELECT {number} FROM {quote(table)} LIMIT 1 LOCK IN SHARE MODE)", self._existing
        )
        return {self._existing[number] for (number,) in rows_of(cursor, self._limited(sql))}

    def read(self, connection: Any, cursor: Any, tables: Names) -> Contents:
        """The contents of tables: all rows, and what their sequences give next."""
        quote = connection.ops.quote_name
        rows = {
            table: rows_of(cursor, self._limited(f"SELECT * FROM {quote(table)} ORDER BY 1 LOCK IN SHARE MODE"))
            for table in tables
        }
        sequences = rows_of(
            cursor,
            "SELECT table_name, auto_increment FROM information_schema.tables "
            f"WHERE table_schema = DATABASE() AND table_name IN ({', '.join(['%s'] * len(tables))})",
            list(tables),
        )
        return Contents({table: len(found) for table, found in rows.items()}, (rows, sorted(sequences)))

    def _limited(self, sql: str) -> str:
        if sql.startswith("SET "):
            return sql
        limits = ", ".join(f"{name} = {self._whole_seconds}" for name in _LIMITS)
        return f"SET STATEMENT {limits} FOR {sql}"

    @property
    def _whole_seconds(self) -> int:
        return math.ceil(self._seconds)

    @contextmanager
    def limits(self, connection: Any) -> Iterator[None]:
        """Waits for locks end in time inside, and as before after it."""
        with connection.cursor() as cursor:
            before = rows_of(cursor, "SELECT " + ", ".join(f"@@SESSION.{name}" for name in _LIMITS))[0]
        self._set(connection, [self._whole_seconds] * len(_LIMITS))
        try:
            yield
        finally:
            self._set(connection, before)

    def _set(self, connection: Any, values: Any) -> None:
        with connection.cursor() as cursor:
            for name, value in zip(_LIMITS, values, strict=True):
                cursor.execute(f"SET SESSION {name} = {int(value)}")

    def timed_out(self, error: BaseException) -> bool:
        """Whether an error of the database says that a lock was waited for in vain."""
        return any(found.args[:1] == (_LOCK_WAIT_TIMEOUT,) for found in chain_of(error))

    def lockers(self, connection: Any) -> list[Session]:
        """Other sessions of the database that are in a transaction."""
        with connection.cursor() as cursor:
            return [Session(int(number), bool(works), str(sql)) for number, works, sql in rows_of(cursor, _LOCKERS)]

    def forget(self) -> None:
        """Ask anew which tables there are."""
        self._existing = []

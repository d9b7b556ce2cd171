"""SQLite: Django deletes table by table, so a table without rows is left out of its statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from pytest_async_orm.flushing.asking import Answer, Common, Contents, Names, NotUnderstood, chain_of, rows_of
from pytest_async_orm.messages import flushing as messages

# SQLite takes 2000 columns in a statement, and no more than 500 parts of a UNION.
_AT_ONE_TIME = 500
_CATALOGUE = (
    "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'trigger') "
    "UNION ALL SELECT type, name FROM sqlite_temp_master WHERE type = 'trigger'"
)


class SQLite(Common):
    """A file, or memory that threads share."""

    name: ClassVar[str] = "SQLite"

    @contextmanager
    def transaction(self, connection: Any) -> Iterator[Any]:
        """A transaction that may write from its start, as Django's flush does: it waits for whoever writes."""
        with connection.cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                if connection.connection is not None and connection.connection.in_transaction:
                    cursor.execute("ROLLBACK")
                raise

    def ask(self, connection: Any, cursor: Any, tables: Names, stay: Names) -> Answer:
        """Which of the tables hold rows, and the contents of those that may stay. Raises `NotUnderstood`."""
        catalogue = rows_of(cursor, _CATALOGUE)
        triggers = [name for kind, name in catalogue if kind == "trigger"]
        if triggers:
            raise NotUnderstood(messages.has_trigger(triggers[0]))
        there = {name for _, name in catalogue}
        existing = [table for table in tables if table in there]
        contents = self.read(connection, cursor, stay) if stay else None
        return Answer(bool(existing), self._touched(connection, cursor, existing), contents)

    def _touched(self, connection: Any, cursor: Any, tables: Names) -> set[str]:
        quote = connection.ops.quote_name
        found: set[str] = set()
        for start in range(0, len(tables), _AT_ONE_TIME):
            some = tables[start : start + _AT_ONE_TIME]
            answers = rows_of(
                cursor, "SELECT " + ", ".join(f"EXISTS (SELECT 1 FROM {quote(table)})" for table in some)
            )[0]
            found.update(table for table, holds in zip(some, answers, strict=True) if holds)
        return found

    def read(self, connection: Any, cursor: Any, tables: Names) -> Contents:
        """The contents of tables: all rows, and what their sequences have given last."""
        quote = connection.ops.quote_name
        rows = {table: rows_of(cursor, f"SELECT * FROM {quote(table)}") for table in tables}
        return Contents({table: len(found) for table, found in rows.items()}, (rows, self._sequences(cursor, tables)))

    def _sequences(self, cursor: Any, tables: Names) -> list[tuple[Any, ...]]:
        if not rows_of(cursor, "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"):
            return []
        return [row for row in rows_of(cursor, "SELECT name, seq FROM sqlite_sequence") if row[0] in tables]

    def timed_out(self, error: BaseException) -> bool:
        """Whether an error of the database says that a lock was waited for in vain."""
        return any("is locked" in str(found) for found in chain_of(error))

"""PostgreSQL: Django truncates all tables at once, which takes milliseconds a table, with rows or without.

Rows of small tables are deleted instead, where nothing can tell the difference: no trigger, no rule, no row security,
no reference from a table that Django does not know. Large ones are truncated, with what refers to them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from pytest_async_orm.flushing import postgresql_catalogue as catalogue
from pytest_async_orm.flushing.asking import (
    Answer,
    Common,
    Contents,
    Names,
    NotUnderstood,
    Session,
    chain_of,
    rows_of,
)  # fmt: skip
from pytest_async_orm.messages import flushing as messages

_LOCK_NOT_AVAILABLE = "55P03"
# Bytes of a table's file. Its 500 rows or so are deleted in the time in which three tables are truncated; what is
# deleted leaves room behind, so that every table is truncated now and then.
_LARGE = 1 << 16
_REASONS = {
    "special": messages.special_table, "trigger": messages.has_trigger, "reference": messages.is_referred_to,
}  # fmt: skip
_Rows = list[tuple[Any, ...]]


class PostgreSQL(Common):
    """A database of a server."""

    name: ClassVar[str] = "PostgreSQL"

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.forget()

    def forget(self) -> None:
        """Ask anew, as for the first time: look into every table, and whether the sizes of files tell the truth."""
        self._statement: str | None = None
        # Tables whose file was not empty, which may hold rows again; the sizes of the files; names of sequences.
        self._known: set[str] = set()
        self._sizes: dict[str, int] = {}
        self._sequences: dict[tuple[str, ...], list[str]] = {}

    @contextmanager
    def transaction(self, connection: Any) -> Iterator[Any]:
        """A transaction in which every wait for a lock ends in time."""
        with super().transaction(connection) as cursor:
            # Without jit: to compile a statement that goes on for pages takes longer than to run it.
            cursor.execute(f"SET LOCAL lock_timeout = {self._milliseconds}; SET LOCAL jit = off")
            yield cursor

    @property
    def _milliseconds(self) -> int:
        return max(1, round(1000 * self._seconds))

    def ask(self, connection: Any, cursor: Any, tables: Names, stay: Names) -> Answer:
        """Which of the tables hold rows, and the contents of those that may stay. Raises `NotUnderstood`."""
        if self._statement is None:
            return self._ask_first(connection, cursor, tables, stay)
        rows = self._ask(connection, cursor, self._statement, tables, self._known.intersection(tables), stay)
        unknown = self._sizes.keys() - self._known
        if unknown:
            rows += self._look_into(connection, cursor, unknown)
        self._known = set(self._sizes)
        return self._answer(rows, stay)

    def _ask_first(self, connection: Any, cursor: Any, tables: Names, stay: Names) -> Answer:
        """Look into every table, and compare with the sizes of the files, by which later flushes go."""
        if rows_of(cursor, catalogue.IS_DISTRIBUTED):
            raise NotUnderstood(messages.DISTRIBUTED)
        may_see = rows_of(cursor, catalogue.MAY_SEE_FILES)[0][0]
        statement = catalogue.listed(catalogue.SIZE_OF_FILE if may_see else catalogue.SIZE)
        rows = self._ask(connection, cursor, statement, tables, (), stay)
        there = set(connection.introspection.table_names(cursor, include_views=False))
        rows += self._look_into(connection, cursor, there.intersection(tables))
        answer = self._answer(rows, stay)
        if not answer.touched <= self._sizes.keys():
            raise NotUnderstood(messages.SIZES_LIE)
        self._statement, self._known = statement, set(self._sizes)
        return answer

    def _ask(
        self, connection: Any, cursor: Any, statement: str, tables: Names, look_into: Iterable[str], stay: Names
    ) -> _Rows:
        parts = [*self._holding(connection, look_into), *self._contents(connection, cursor, stay)]
        sql = " UNION ALL ".join([statement, *parts])
        rows = rows_of(cursor, sql, [list(tables)])
        locked = {name for kind, name, *_ in rows if kind == "lock"}
        if locked:
            # Until whoever writes to them has ended: what it wrote is seen by the next statement.
            cursor.execute(f"LOCK TABLE {_quoted(connection, locked)} IN SHARE MODE")
            rows = rows_of(cursor, sql, [list(tables)])
        for kind, name, *_ in rows:
            if kind in _REASONS:
                raise NotUnderstood(_REASONS[kind](name))
        self._sizes = {name: size or 0 for kind, name, size, _ in rows if kind == "file"}
        return rows

    def _look_into(self, connection: Any, cursor: Any, tables: Iterable[str]) -> _Rows:
        parts = self._holding(connection, tables)
        return rows_of(cursor, " UNION ALL ".join(parts), []) if parts else []

    def _holding(self, connection: Any, tables: Iterable[str]) -> list[str]:
        return [catalogue.holds(table, connection.ops.quote_name(table)) for table in sorted(tables)]

    def _answer(self, rows: _Rows, stay: Names) -> Answer:
        exists = any(number for kind, _, number, _ in rows if kind == "count")
        touched = {name for kind, name, *_ in rows if kind == "rows"}
        return Answer(exists, touched, _contents_of(rows) if stay else None)

    def _contents(self, connection: Any, cursor: Any, tables: Names) -> list[str]:
        quote = connection.ops.quote_name
        return [
            *(catalogue.contents(table, quote(table)) for table in tables),
            *(catalogue.sequence(name, quote(name)) for name in self._sequences_of(connection, cursor, tables)),
        ]

    def _sequences_of(self, connection: Any, cursor: Any, tables: Names) -> list[str]:
        key = tuple(tables)
        if key not in self._sequences:
            found = [one for table in tables for one in connection.introspection.get_sequences(cursor, table)]
            self._sequences[key] = [one["name"] for one in found]
        return self._sequences[key]

    def read(self, connection: Any, cursor: Any, tables: Names) -> Contents:
        """The contents of tables: their rows by the transactions that wrote them, and what their sequences gave."""
        return _contents_of(rows_of(cursor, " UNION ALL ".join(self._contents(connection, cursor, tables)), []))

    def empty(self, connection: Any, cursor: Any, tables: Names, stay: Names) -> None:
        """Delete all rows of some tables; truncate those that are large."""
        large = {table for table in tables if self._sizes.get(table, _LARGE) >= _LARGE}
        if large:
            large |= _referring(large, rows_of(cursor, catalogue.REFERENCES))
        if large.isdisjoint(stay):
            # First: what is deleted leaves checks of foreign keys for the end, and no table with one can be truncated.
            self._truncate(connection, cursor, large)
        else:
            large = set()
        small = [table for table in tables if table not in large]
        if small:
            cursor.execute("; ".join(f"DELETE FROM {connection.ops.quote_name(table)}" for table in small))

    def _truncate(self, connection: Any, cursor: Any, tables: set[str]) -> None:
        if tables:
            cursor.execute(f"TRUNCATE {_quoted(connection, tables)}")

    @contextmanager
    def limits(self, connection: Any) -> Iterator[None]:
        """Waits for locks on this connection end in time inside, and as before after it."""
        with connection.cursor() as cursor:
            before = rows_of(cursor, "SHOW lock_timeout")[0][0]
            cursor.execute(f"SET lock_timeout = {self._milliseconds}")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, false)", [before])

    def timed_out(self, error: BaseException) -> bool:
        """Whether an error of the database says that a lock was waited for in vain."""
        codes = (getattr(found, "sqlstate", None) or getattr(found, "pgcode", None) for found in chain_of(error))
        return _LOCK_NOT_AVAILABLE in codes

    def lockers(self, connection: Any) -> list[Session]:
        """Other sessions of the database that have locked a table: those that only read it if there are no others."""
        with connection.cursor() as cursor:
            rows = rows_of(cursor, catalogue.LOCKERS)
        writing = [row[:3] for row in rows if row[3]]
        return [Session(*row) for row in writing or [row[:3] for row in rows]]


def _quoted(connection: Any, tables: Iterable[str]) -> str:
    return ", ".join(connection.ops.quote_name(table) for table in sorted(tables))


def _contents_of(rows: _Rows) -> Contents:
    found = [row for row in rows if row[0] in ("kept", "sequence")]
    return Contents({name: number for kind, name, number, _ in found if kind == "kept"}, sorted(found))


def _referring(tables: set[str], references: Iterable[tuple[Any, ...]]) -> set[str]:
    """The tables that refer to some, directly or not: a table is truncated together with them or not at all."""
    by_parent: Mapping[str, set[str]] = defaultdict(set)
    for child, parent in references:
        by_parent[parent].add(child)
    found, fresh = set(tables), set(tables)
    while fresh:
        fresh = {child for table in fresh for child in by_parent[table]} - found
        found |= fresh
    return found

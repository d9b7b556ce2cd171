"""PostgreSQL: Django truncates all tables at once, which takes milliseconds a table, with rows or without.

Rows of small tables are deleted instead, where nothing can tell the difference: no trigger, no rule, no row security,
no reference from a table that Django does not know. Large ones are truncated, with what refers to them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple

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


class Structure(NamedTuple):
    """What the catalogue says of the tables of models, while it does not change."""

    version: _Rows
    asked: frozenset[str]
    """The tables that were asked for, whether they exist or not."""
    tables: dict[int, str]
    """Those that exist, by their number in the catalogue."""
    sql: str
    """The statement that asks whether this still holds, which files are not empty, and who writes."""


class PostgreSQL(Common):
    """A database of a server."""

    name: ClassVar[str] = "PostgreSQL"

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.forget()

    def forget(self) -> None:
        """Ask anew, as for the first time: look into every table, and whether the sizes of files tell the truth."""
        self._structure: Structure | None = None
        # Tables whose file was not empty, which may hold rows again, and the sizes of the files; names of sequences.
        self._known: set[str] | None = None
        self._sizes: dict[str, int] = {}
        self._sequences: dict[tuple[str, ...], list[str]] = {}

    @contextmanager
    def transaction(self, connection: Any) -> Iterator[Any]:
        """A cursor in autocommit: what is sent together is a transaction of its own, and takes one round trip."""
        with connection.cursor() as cursor:
            yield cursor

    def _limited(self, sql: str) -> str:
        """Every wait for a lock ends in time. Without jit: to compile a statement that goes on for pages takes longer
        than to run it.
        """
        return f"SET LOCAL lock_timeout = {self._milliseconds}; SET LOCAL jit = off; {sql}"

    @property
    def _milliseconds(self) -> int:
        return max(1, round(1000 * self._seconds))

    def ask(self, connection: Any, cursor: Any, tables: Names, stay: Names) -> Answer:
        """Which of the tables hold rows, and the contents of those that may stay. Raises `NotUnderstood`."""
        structure, rows = self._structure, []
        if structure is not None and structure.asked == set(tables):
            rows = self._ask(connection, cursor, structure, stay)
        if structure is None or _of_kind(rows, "version") != structure.version:
            structure = self._structure = self._look_up(cursor, tables)
            rows = self._ask(connection, cursor, structure, stay)
        return self._answer(connection, cursor, structure, rows, stay)

    def _look_up(self, cursor: Any, tables: Names) -> Structure:
        """Ask the catalogue about each table; its version first, so that the next flush sees a change in between."""
        if rows_of(cursor, catalogue.IS_DISTRIBUTED):
            raise NotUnderstood(messages.DISTRIBUTED)
        version = sorted(rows_of(cursor, catalogue.VERSION))
        rows = rows_of(cursor, catalogue.STRUCTURE, [list(tables)])
        for kind, name, *_ in rows:
            if kind in _REASONS:
                raise NotUnderstood(_REASONS[kind](name))
        found = {number: (name, path) for kind, name, number, path in rows if kind == "table"}
        numbers, paths = list(found), [path for _, path in found.values()]
        may_see = rows_of(cursor, catalogue.MAY_SEE_FILES)[0][0]
        files = catalogue.files(numbers, paths) if may_see else catalogue.sizes(numbers)
        sql = " UNION ALL ".join([catalogue.VERSION, files, catalogue.locks(numbers)])
        return Structure(version, frozenset(tables), {number: name for number, (name, _) in found.items()}, sql)

    def _ask(self, connection: Any, cursor: Any, structure: Structure, stay: Names) -> _Rows:
        known = (self._known or set()).intersection(structure.tables.values())
        parts = [*self._holding(connection, known), *self._contents(connection, cursor, stay)]
        sql = " UNION ALL ".join([structure.sql, *parts])
        rows = self._rows(cursor, sql)
        locked = {structure.tables[number] for kind, _, number, _ in rows if kind == "lock"}
        if locked:
            # Until whoever writes to them has ended: what it wrote is seen by the next statement.
            cursor.execute(self._limited(f"LOCK TABLE {_quoted(connection, locked)} IN SHARE MODE"))
            rows = self._rows(cursor, sql)
        self._sizes = {structure.tables[number]: size or 0 for kind, _, number, size in rows if kind == "file"}
        return rows

    def _answer(self, connection: Any, cursor: Any, structure: Structure, rows: _Rows, stay: Names) -> Answer:
        """What was found, once tables are looked into whose file was empty before; at first into all, to see whether a
        table can hold rows whose file is empty.
        """
        unknown = self._sizes.keys() - self._known if self._known is not None else set(structure.tables.values())
        parts = self._holding(connection, unknown)
        rows += self._rows(cursor, " UNION ALL ".join(parts)) if parts else []
        touched = {name for kind, name, *_ in rows if kind == "rows"}
        if not touched <= self._sizes.keys():
            raise NotUnderstood(messages.SIZES_LIE)
        self._known = set(self._sizes)
        return Answer(bool(structure.tables), touched, _contents_of(rows) if stay else None)

    def _rows(self, cursor: Any, sql: str) -> _Rows:
        cursor.execute(self._limited(sql))
        # psycopg 3 gives the results of all statements, psycopg2 the last one alone.
        while cursor.description is None and cursor.nextset():
            pass
        return [tuple(row) for row in cursor.fetchall()]

    def _holding(self, connection: Any, tables: Iterable[str]) -> list[str]:
        return [catalogue.holds(table, connection.ops.quote_name(table)) for table in sorted(tables)]

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
        return _contents_of(self._rows(cursor, " UNION ALL ".join(self._contents(connection, cursor, tables))))

    def empty(self, connection: Any, cursor: Any, tables: Names, stay: Names) -> None:
        """Delete all rows of some tables; truncate those that are large."""
        large = {table for table in tables if self._sizes.get(table, _LARGE) >= _LARGE}
        if large:
            large |= _referring(large, rows_of(cursor, catalogue.REFERENCES))
        if not large.isdisjoint(stay):
            large = set()
        # First: what is deleted leaves checks of foreign keys for the end, and no table with one can be truncated.
        sent = [f"TRUNCATE {_quoted(connection, large)}"] if large else []
        sent += [f"DELETE FROM {connection.ops.quote_name(table)}" for table in tables if table not in large]
        if sent:
            cursor.execute(self._limited("; ".join(sent)))

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


def _of_kind(rows: _Rows, *kinds: str) -> _Rows:
    return sorted(row for row in rows if row[0] in kinds)


def _contents_of(rows: _Rows) -> Contents:
    found = _of_kind(rows, "kept", "sequence")
    return Contents({name: number for kind, name, number, _ in found if kind == "kept"}, found)


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

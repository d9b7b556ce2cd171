"""What every database is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, ClassVar, NamedTuple, Protocol

Names = Sequence[str]


class NotUnderstood(Exception):
    """Django's own flush is needed; the text says why."""


class Contents(NamedTuple):
    """What some tables hold: equal only if no row of them and none of their sequences has changed."""

    counts: dict[str, int]
    """The number of rows by table."""
    state: object


class Answer(NamedTuple):
    """What a database says at the end of a test."""

    exists: bool
    """Whether there is any table at all: if not, Django tells no receiver of `post_migrate`."""
    touched: set[str]
    """The tables that hold rows."""
    contents: Contents | None
    """Of the tables whose rows may stay; None if there are none."""


class Session(NamedTuple):
    """A session of the database that has locked something, as the server knows it."""

    number: int | None
    """None for SQLite, which has no server."""
    is_working: bool
    """Whether it is in the middle of a statement, so that waiting helps."""
    statement: str
    """Its last statement; empty if it is not known."""


class Database(Protocol):
    """One database of a session, by its alias. Names of tables are those in Django's models, not quoted."""

    name: ClassVar[str]

    def transaction(self, connection: Any) -> Any:
        """A context manager: a transaction whose value is a cursor."""

    def ask(self, connection: Any, cursor: Any, tables: Names, stay: Names) -> Answer:
        """Which of the tables hold rows, waiting for the transactions of others that write; the contents of those that
        may `stay`. Raises `NotUnderstood`, or the database's error after a time-out.
        """

    def read(self, connection: Any, cursor: Any, tables: Names) -> Contents:
        """The contents of tables."""

    def empty(self, connection: Any, cursor: Any, tables: Names, stay: Names) -> None:
        """Delete all rows of some tables; rows of those that `stay` must not go with them."""

    def limits(self, connection: Any) -> Any:
        """A context manager: waits for locks on this connection end in time inside, and as before after it."""

    def timed_out(self, error: BaseException) -> bool:
        """Whether an error of the database says that a lock was waited for in vain."""

    def lockers(self, connection: Any) -> list[Session]:
        """Other sessions that have locked something."""

    def forget(self) -> None:
        """Ask anew, as for the first time: what is remembered may be wrong."""


class Common:
    """What the databases share, for waits of `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    @contextmanager
    def transaction(self, connection: Any) -> Iterator[Any]:
        """A context manager: a transaction whose value is a cursor."""
        from django.db import transaction

        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            yield cursor

    def limits(self, connection: Any) -> Any:  # noqa: ARG002
        """A context manager: waits for locks on this connection end in time inside, and as before after it."""
        return nullcontext()

    def lockers(self, connection: Any) -> list[Session]:  # noqa: ARG002
        """Other sessions that have locked something."""
        return []

    def forget(self) -> None:
        """Ask anew, as for the first time: what is remembered may be wrong."""

    def empty(self, connection: Any, cursor: Any, tables: Names, stay: Names) -> None:  # noqa: ARG002
        """Delete all rows of some tables: by those of Django's own statements that do something."""
        for sql in django_statements(connection, tables):
            cursor.execute(self._limited(sql))

    def _limited(self, sql: str) -> str:
        return sql


def django_statements(connection: Any, tables: Names) -> list[str]:
    """What Django's flush sends for some tables."""
    from django.core.management.color import no_style

    found: list[str] = connection.ops.sql_flush(no_style(), tables, reset_sequences=False, allow_cascade=False)
    return found


def rows_of(cursor: Any, sql: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    cursor.execute(sql, parameters)
    return [tuple(row) for row in cursor.fetchall()]


def union(ask: Callable[[int, str], str], tables: Names) -> str:
    """One statement that asks a question of each table, by its position."""
    return " UNION ALL ".join(ask(number, table) for number, table in enumerate(tables))


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """An error and its causes: Django wraps those of the drivers, and its flush command wraps Django's."""
    while error is not None:
        yield error
        error = error.__cause__

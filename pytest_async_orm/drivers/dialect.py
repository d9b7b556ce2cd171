"""What a sandbox needs of a database: opens, keeps and checks its savepoints. This is SQLite's, and what all share.

A dialect speaks to the driver's own connection, below Django's cursors, so that nothing the plugin sends is counted,
logged or wrapped as the application's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from pytest_async_orm.drivers import keys_of_sqlite
from pytest_async_orm.drivers.statements import (
    begins_in_sqlite,
    ends_transaction,
    only_reads,
    question_of_pragma,
    turns_keys_off,
)

# In SQLite's words: inside, or from within, a transaction.
_WITHIN = "a transaction"


class Dialect:
    """What SQLite needs, and what the others share."""

    # Whether a failed statement spoils the whole transaction, so that one in autocommit needs a savepoint of its own.
    failure_spoils = False
    # Whether turning autocommit on commits an open transaction (the alternative is an error).
    autocommit_commits = True
    # Whether the checks of a transaction wait for its commit, and hinder what defines something until then.
    checks_at_commit = False
    # Whether the driver tells that a transaction is open; where not, a loss is noticed at the next commit or the end.
    sees_transaction = True
    # Whether it tells so at any moment, whatever was sent last.
    knows_transaction = True

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    def prepare(self) -> None:
        """Before a transaction that will be shared is opened: make what would cost more inside. Never raises."""
        with suppress(Exception):
            if not self.raw.in_transaction:
                keys_of_sqlite.prepare(self.raw)

    def start(self, *, nested: bool) -> None:
        """Prepare the connection for a sandbox; nested means that savepoints of Django's are open on it."""

    def send(self, sql: str, params: Sequence[Any] = ()) -> None:
        """Send a statement of the sandbox's own, below Django. Raises the driver's error."""
        self._execute(sql, params)

    def send_all(self, *statements: str) -> None:
        """Send several. Raises the driver's error."""
        for statement in statements:
            self.send(statement)

    def _execute(self, sql: str, params: Sequence[Any]) -> None:
        self._cursor(sql, params).close()

    def _cursor(self, sql: str, params: Sequence[Any]) -> Any:
        cursor = self.raw.cursor()
        try:
            cursor.execute(sql, *([params] if params else []))
        except BaseException:
            cursor.close()
            raise
        return cursor

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Ask for rows, below Django. Raises the driver's error."""
        cursor = self._cursor(sql, params)
        try:
            # The application may have told its driver to make something else of them.
            return [tuple(row.values() if isinstance(row, Mapping) else row) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def row(self, sql: str, params: Sequence[Any] = ()) -> tuple[Any, ...]:
        """Ask for the first row; empty if there is none. Raises the driver's error."""
        return next(iter(self.rows(sql, params)), ())

    def text_of(self, what: object) -> str:
        """The text of a statement, which may be psycopg's composed SQL or bytes; empty if unknown."""
        if isinstance(what, str):
            return what
        if isinstance(what, bytes):
            return what.decode(errors="replace")
        as_string = getattr(what, "as_string", None)
        try:
            return str(as_string(self.raw)) if as_string is not None else ""
        except Exception:  # noqa: BLE001 - the drivers have errors of their own, and raise them for the statement too
            return ""

    def can_be_asked(self) -> bool:
        """Whether a statement can be sent while one is under way, as within a block that is a transaction."""
        return False

    def time_zone(self) -> str | None:
        """The session's time zone, where the server has told the driver."""
        return None

    def is_mariadb(self) -> bool:
        """Whether the server is MariaDB's: some variables are called otherwise on MySQL's."""
        return False

    def alive(self) -> bool:
        """Whether the test's transaction is still open, without asking the server."""
        return not self.closed() and bool(self.raw.in_transaction)

    def is_in_transaction(self) -> bool:
        """Whether a transaction is certainly open: of a statement that is under way in autocommit nobody can say."""
        return self.alive()

    def verify(self) -> bool:
        """The same as `alive` at the end of the test, where one statement may be spent if nothing else tells."""
        return self.alive()

    def in_error(self) -> bool:
        """Whether the database takes no statement until a failed one is rolled back."""
        return False

    def closed(self) -> bool:
        """Whether the driver's connection is closed."""
        try:
            self.raw.total_changes  # noqa: B018 - what sqlite3 refuses on a closed connection, and costs nothing
        except Exception:  # noqa: BLE001 - each driver has its own
            return True
        return False

    def refuses(self, sql: object) -> bool:
        """Whether a statement would end the transaction, and so must not be sent."""
        return isinstance(sql, str) and ends_transaction(sql)

    def instead(self, sql: object, error: BaseException) -> str | None:
        """What to send in place of a statement that was refused for the test's own transaction, which the application
        does not know of; None if that is not why.

        SQLite sets no `synchronous` and no `temp_store` within a transaction, nor goes into WAL or out of it.
        """
        return question_of_pragma(sql) if isinstance(sql, str) and _WITHIN in str(error) else None

    def misses_commit(self, error: BaseException) -> bool:  # noqa: ARG002
        """Whether a statement may have failed since earlier ones, which the application has committed, are unchecked
        yet.
        """
        return False

    def can_check_commits(self) -> bool:
        """Whether what waits for a commit can be checked without one, and nothing fails yet. Sent before the
        application's first statement.
        """
        try:
            keys_of_sqlite.prepare(self.raw)
            return not keys_of_sqlite.are_violated(self.raw)
        except Exception:  # noqa: BLE001 - an authorizer's refusal, no room for temporary tables
            return False

    def turns_keys_off(self, sql: str) -> bool:
        """Whether a statement tells the database to check no foreign keys, which it does not obey in a transaction."""
        return turns_keys_off(sql)

    def check_as_commit(self, *then: str) -> None:
        """Check what waits for a commit, let later checks wait as in a new transaction, and send more. Raises the
        driver's error where a check fails.
        """
        if keys_of_sqlite.are_violated(self.raw):
            raise keys_of_sqlite.refusal(self.raw)
        self.send_all(*then)

    def note_definition(self) -> None:
        """A statement may have defined what is checked."""

    def must_drain(self, sql: object, cursor: Any) -> bool:
        """Whether the rows of a statement must be fetched before another thread's turn.

        SQLite opens no savepoint while a statement that writes has rows to give, as `INSERT ... RETURNING` has.
        """
        return cursor.description is not None and not (isinstance(sql, str) and only_reads(sql))

    def begins_transaction(self, sql: object) -> bool:
        """Whether the driver opens a transaction before a statement while autocommit is off: sqlite3 does before those
        that write rows.
        """
        return isinstance(sql, str) and begins_in_sqlite(sql)

    def opening_savepoint(self, sql: object) -> str | None:
        """A statement, if it is for a savepoint that stands for a transaction: its release commits, as SQLite does."""
        return sql if isinstance(sql, str) and sql.startswith("SAVEPOINT ") else None

    def interrupt(self) -> None:
        """Stop the statement that another thread has under way."""
        self.raw.interrupt()

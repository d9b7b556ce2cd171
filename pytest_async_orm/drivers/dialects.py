"""How each database opens, keeps and checks the savepoints of a sandbox.

A dialect speaks to the driver's own connection, below Django's cursors, so that nothing the plugin sends is counted,
logged or wrapped as the application's. Seen: psycopg 3.3, psycopg2 2.9, PyMySQL 1.2, mysqlclient 2.2, and sqlite3 of
Python 3.10 to 3.13.
"""

from __future__ import annotations

import itertools
from typing import Any

from pytest_async_orm.drivers.statements import begins_in_sqlite, commits_implicitly, ends_transaction, only_reads

_PG_IDLE, _PG_UNKNOWN = 0, 4
_PG_DONE = (1, 2)  # libpq's COMMAND_OK and TUPLES_OK
_SERVER_STATUS_IN_TRANS = 1
_NUMBERS = itertools.count(1)


class Dialect:
    """What SQLite needs, and what the others share."""

    # Whether a failed statement spoils the whole transaction, so that one in autocommit needs a savepoint of its own.
    failure_spoils = False
    # Whether turning autocommit on commits an open transaction (the alternative is an error).
    autocommit_commits = True
    # Whether the driver tells that a transaction is open; where not, a loss is noticed at the next commit or the end.
    sees_transaction = True
    # Whether it tells so at any moment, whatever was sent last.
    knows_transaction = True

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    def start(self, *, nested: bool) -> None:
        """Prepare the connection for a sandbox; nested means that savepoints of Django's are open on it."""

    def send(self, sql: str) -> None:
        """Send a statement of the sandbox's own, below Django. Raises the driver's error."""
        self._execute(sql)

    def _execute(self, sql: str) -> None:
        cursor = self.raw.cursor()
        try:
            cursor.execute(sql)
        finally:
            cursor.close()

    def alive(self) -> bool:
        """Whether the test's transaction is still open, without asking the server."""
        return not self.closed() and bool(self.raw.in_transaction)

    def verify(self) -> bool:
        """The same at the end of the test, where one statement may be spent if nothing else tells."""
        return self.alive()

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


class Server(Dialect):
    """What the servers share: rows are with the client already, or behind a cursor of the server's."""

    def must_drain(self, sql: object, cursor: Any) -> bool:  # noqa: ARG002
        """Whether the rows of a statement must be fetched before another thread's turn."""
        return False

    def begins_transaction(self, sql: object) -> bool:  # noqa: ARG002
        """Whether a statement begins a transaction where autocommit is off."""
        return True

    def opening_savepoint(self, sql: object) -> str | None:  # noqa: ARG002
        """The savepoint that a statement opens and that begins a transaction; None if there is none."""
        return None


class Psycopg(Server):
    """psycopg 3."""

    failure_spoils = True
    autocommit_commits = False

    def _execute(self, sql: str) -> None:
        """Straight to libpq, and together with the BEGIN that psycopg would send on its own: one round trip."""
        raw = self.raw
        begins = raw.pgconn.transaction_status == _PG_IDLE and not raw.autocommit
        if begins and (raw.isolation_level is not None or raw.read_only is not None or raw.deferrable is not None):
            # psycopg knows how such a transaction begins.
            super()._execute(sql)
            return
        result = raw.pgconn.exec_(f"BEGIN; {sql}".encode() if begins else sql.encode())
        if result.status not in _PG_DONE:
            raise self._error(result)

    def _error(self, result: Any) -> Exception:
        from psycopg import OperationalError
        from psycopg.errors import lookup
        from psycopg.pq import DiagnosticField

        state = result.error_field(DiagnosticField.SQLSTATE)
        message = result.error_message.decode(errors="replace").strip()
        return lookup(state.decode())(message) if state else OperationalError(message)

    def closed(self) -> bool:
        """Whether the driver's connection is closed."""
        return bool(self.raw.closed)

    def alive(self) -> bool:
        """Whether the test's transaction is still open, without asking the server."""
        return not self.raw.closed and self.raw.pgconn.transaction_status not in (_PG_IDLE, _PG_UNKNOWN)

    def interrupt(self) -> None:
        """Stop the statement that another thread has under way."""
        self.raw.cancel()


class Psycopg2(Server):
    """psycopg2."""

    failure_spoils = True
    autocommit_commits = False

    def closed(self) -> bool:
        """Whether the driver's connection is closed."""
        return bool(self.raw.closed)

    def alive(self) -> bool:
        """Whether the test's transaction is still open, without asking the server."""
        return not self.raw.closed and self.raw.get_transaction_status() not in (_PG_IDLE, _PG_UNKNOWN)

    def interrupt(self) -> None:
        """Stop the statement that another thread has under way."""
        self.raw.cancel()


class MySQL(Server):
    """mysqlclient: it does not show whether a transaction is open, so the end of the sandbox asks for the base
    savepoint.
    """

    sees_transaction = knows_transaction = False

    def start(self, *, nested: bool) -> None:  # noqa: ARG002
        """Prepare the connection for a sandbox; nested means that savepoints of Django's are open on it."""
        # Another layer on the same connection has another one: a name that is used again deletes the older savepoint.
        self.base = f"async_orm_base{next(_NUMBERS)}"
        self.send(f"SAVEPOINT {self.base}")

    def closed(self) -> bool:
        """Whether the driver's connection is closed."""
        return not self.raw.open

    def alive(self) -> bool:
        """Whether the test's transaction is still open, without asking the server."""
        return not self.closed()

    def verify(self) -> bool:
        """Whether the test's transaction is open, at the end of the test; one statement may be spent."""
        self.send(f"RELEASE SAVEPOINT {self.base}")
        return True

    def refuses(self, sql: object) -> bool:
        """Whether a statement would end the transaction, and so must not be sent."""
        return isinstance(sql, str) and (ends_transaction(sql) or commits_implicitly(sql))

    def must_drain(self, sql: object, cursor: Any) -> bool:  # noqa: ARG002
        """Whether the rows of a statement must be fetched before another thread's turn."""
        # Rows of an unbuffered cursor (SSCursor) are still on the wire, where another thread's statement would meet
        # them.
        return type(cursor).__name__.startswith("SS") and cursor.description is not None

    def interrupt(self) -> None:
        """Stop the statement that another thread has under way."""
        self.raw.close()


class PyMySQL(MySQL):
    """PyMySQL: it shows whether a transaction is open once a table was used."""

    sees_transaction = True

    def start(self, *, nested: bool) -> None:
        """Prepare the connection for a sandbox; nested means that savepoints of Django's are open on it."""
        # With autocommit off the server calls a transaction open only once a table was used; saying so makes it
        # certain.
        # It would delete savepoints, though: below one, with no table used yet, do as without the server's word.
        if self.alive():
            return
        if nested:
            self.sees_transaction = False
            super().start(nested=nested)
        else:
            self.send("START TRANSACTION")

    def verify(self) -> bool:
        """Whether the test's transaction is open, at the end of the test; one statement may be spent."""
        return self.alive() if self.sees_transaction else super().verify()

    def alive(self) -> bool:
        """Whether the test's transaction is still open, without asking the server."""
        return bool(self.raw.open and (not self.sees_transaction or self.raw.server_status & _SERVER_STATUS_IN_TRANS))


def dialect_for(vendor: str, raw: Any) -> Dialect | None:
    """The dialect of a connection, told by what its driver offers; None where no sandbox is possible."""
    if vendor == "sqlite":
        return Dialect(raw)
    if vendor == "postgresql":
        return Psycopg(raw) if hasattr(raw, "pgconn") else Psycopg2(raw)
    if vendor == "mysql":
        return PyMySQL(raw) if hasattr(raw, "server_status") else MySQL(raw)
    return None

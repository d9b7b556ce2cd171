"""The dialects of the servers, and which one a connection has.

Seen: psycopg 3.3, psycopg2 2.9, PyMySQL 1.2, mysqlclient 2.2, and sqlite3 of Python 3.10 to 3.13.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

from pytest_async_orm.drivers.dialect import Dialect
from pytest_async_orm.drivers.statements import commits_implicitly, ends_transaction

_PG_IDLE, _PG_ACTIVE, _PG_IN_TRANSACTION, _PG_IN_ERROR, _PG_UNKNOWN = range(5)
_PG_DONE = (1, 2)  # libpq's COMMAND_OK and TUPLES_OK
_PG_IN_USE = "55006"  # SQLSTATE
# The constraints that can wait, and do not unless they are told to.
_PG_IMMEDIATE = """
SELECT string_agg(quote_ident(nspname) || '.' || quote_ident(conname), ', ')
FROM pg_constraint JOIN pg_namespace ON pg_namespace.oid = connamespace
WHERE condeferrable AND NOT condeferred AND NOT pg_is_other_temp_schema(connamespace)
"""
# The drivers' connections to databases that have none of them.
_ALL_WAIT: WeakSet[Any] = WeakSet()
_SERVER_STATUS_IN_TRANS = 1
_NUMBERS = itertools.count(1)


class Server(Dialect):
    """What the servers share: rows are with the client already, or behind a cursor of the server's."""

    def prepare(self) -> None:
        """Nothing is made on a server."""

    def must_drain(self, sql: object, cursor: Any) -> bool:  # noqa: ARG002
        """Whether the rows of a statement must be fetched before another thread's turn."""
        return False

    def can_check_commits(self) -> bool:
        """Whether what waits for a commit can be checked without one: on MariaDB nothing waits."""
        return False

    def turns_keys_off(self, sql: str) -> bool:  # noqa: ARG002
        """Whether a statement has to be taken for one that turns checks off: servers obey those that do."""
        return False

    def instead(self, sql: object, error: BaseException) -> str | None:  # noqa: ARG002
        """What to send in place of a statement that was refused for the test's own transaction; None if nothing."""
        return None

    def begins_transaction(self, sql: object) -> bool:  # noqa: ARG002
        """Whether a statement begins a transaction where autocommit is off."""
        return True

    def opening_savepoint(self, sql: object) -> str | None:  # noqa: ARG002
        """The savepoint that a statement opens and that begins a transaction; None if there is none."""
        return None


class PostgreSQL(Server):
    """What its drivers share."""

    failure_spoils = True
    autocommit_commits = False
    checks_at_commit = True

    def time_zone(self) -> str | None:
        """The session's time zone, where the server has told the driver."""
        found: str | None = self.raw.info.parameter_status("TimeZone")
        return found

    def misses_commit(self, error: BaseException) -> bool:
        """Whether a statement may have failed for "pending trigger events": the checks of foreign keys are some."""
        return _PG_IN_USE in (getattr(error, "sqlstate", None), getattr(error, "pgcode", None))

    def can_check_commits(self) -> bool:
        """Whether what waits for a commit can be checked without one."""
        return True

    def send_all(self, *statements: str) -> None:
        """Send several in one message. Raises the driver's error."""
        self.send("; ".join(statements))

    def check_as_commit(self, *then: str) -> None:
        """Check what waits for a commit, and let each constraint wait, or not, as it was declared; then send more."""
        checks = ["SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED"]
        if names := self._immediate():
            checks.append(f"SET CONSTRAINTS {names} IMMEDIATE")
        self.send_all(*checks, *then)

    def _immediate(self) -> str:
        """The names of the constraints that can wait and do not. That there are none is asked once a connection."""
        if self.raw in _ALL_WAIT:
            return ""
        names: str | None = self.row(_PG_IMMEDIATE)[0]
        if not names:
            _ALL_WAIT.add(self.raw)
        return names or ""

    def note_definition(self) -> None:
        """A statement may have defined a constraint."""
        _ALL_WAIT.discard(self.raw)

    def _status(self) -> int:
        """libpq's word for the state of the transaction, as of its last answer."""
        raise NotImplementedError

    def alive(self) -> bool:
        """Whether the test's transaction is still open, without asking the server."""
        return not self.closed() and self._status() not in (_PG_IDLE, _PG_UNKNOWN)

    def is_in_transaction(self) -> bool:
        """Whether a transaction is certainly open: of a statement that is under way in autocommit nobody can say."""
        return self.alive() and not (self._status() == _PG_ACTIVE and self.raw.autocommit)

    def in_error(self) -> bool:
        """Whether the database takes no statement until a failed one is rolled back."""
        return self._status() == _PG_IN_ERROR

    def closed(self) -> bool:
        """Whether the driver's connection is closed."""
        return bool(self.raw.closed)

    def interrupt(self) -> None:
        """Stop the statement that another thread has under way."""
        self.raw.cancel()


class Psycopg(PostgreSQL):
    """psycopg 3."""

    def can_be_asked(self) -> bool:
        """Whether a statement can be sent while one is under way: in a pipeline there is no answer yet."""
        return self.raw.pgconn.transaction_status == _PG_IN_TRANSACTION and not self.raw.pgconn.pipeline_status

    def _execute(self, sql: str, params: Sequence[Any]) -> None:
        """Straight to libpq, and together with the BEGIN that psycopg would send on its own: one round trip."""
        raw = self.raw
        begins = raw.pgconn.transaction_status == _PG_IDLE and not raw.autocommit
        special = raw.isolation_level is not None or raw.read_only is not None or raw.deferrable is not None
        if params or (begins and special):
            # psycopg knows how such a transaction begins.
            super()._execute(sql, params)
            return
        result = raw.pgconn.exec_(f"BEGIN; {sql}".encode() if begins else sql.encode())
        if result.status not in _PG_DONE:
            from psycopg.errors import error_from_result

            # With the server's own words, for which an application may ask: `error.__cause__.diag.constraint_name`.
            raise error_from_result(result)

    def _status(self) -> int:
        return int(self.raw.pgconn.transaction_status)


class Psycopg2(PostgreSQL):
    """psycopg2."""

    def _status(self) -> int:
        return int(self.raw.get_transaction_status())


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

    def is_mariadb(self) -> bool:
        """Whether the server is MariaDB's: some variables are called otherwise on MySQL's."""
        return "MariaDB" in str(self.raw.get_server_info())


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


# By vendor, what tells a driver's connection, and its dialect.
_DRIVERS: dict[str, list[tuple[str, type[Dialect]]]] = {
    "sqlite": [("total_changes", Dialect)],
    "postgresql": [("pgconn", Psycopg), ("get_transaction_status", Psycopg2)],
    "mysql": [("server_status", PyMySQL), ("open", MySQL)],
}


def dialect_for(vendor: str, raw: Any) -> Dialect | None:
    """The dialect of a connection; None where no sandbox is possible."""
    kind = kind_for(vendor, raw)
    return None if kind is None else kind(raw)


def kind_for(vendor: str, raw: Any) -> type[Dialect] | None:
    """The class of its dialect, told by what its driver's class offers. Guests ask it with each look-up."""
    found = _DRIVERS.get(vendor, ())
    return next((dialect for name, dialect in found if hasattr(type(raw), name) or hasattr(raw, name)), None)

"""The connection that pytest-django opened for a test, shared by all the threads of the test."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from pytest_async_orm.drivers.dialect import Dialect
from pytest_async_orm.drivers.dialects import dialect_for
from pytest_async_orm.errors import SandboxEnded, SessionShared, TransactionLost, UnsupportedConnection
from pytest_async_orm.messages import sandbox as messages
from pytest_async_orm.sharing.attributes import Attributes
from pytest_async_orm.sharing.commits import Commits
from pytest_async_orm.sharing.connection_queue import ConnectionQueue
from pytest_async_orm.sharing.session import SharedSession
from pytest_async_orm.sharing.waiting import Holder

STANDING = "async_orm_autocommit"
# Names of savepoints are never used twice: on MariaDB and MySQL a name deletes the older savepoint that has it, and
# several layers share one connection.
_NUMBERS = itertools.count(1)


class Passing:
    """Has the turn while a thread closes another thread's cursor, or joins a test."""

    in_transaction = False
    lasting = False

    def __init__(self) -> None:
        self.thread = threading.current_thread()
        self.statements = 0

    def abandon(self) -> None:
        """Nothing is open."""


class SharedConnection:
    """One alias of one sandbox: the wrapper that owns the raw connection, the turn, and whether all is well."""

    def __init__(self, wrapper: BaseDatabaseWrapper, test: str, timeout: float) -> None:
        if wrapper.connection is None:
            # Asked for only then: it is refused where an event loop runs, though nothing is sent.
            wrapper.ensure_connection()
        self.wrapper = wrapper
        self.alias = wrapper.alias
        self.test = test
        self.raw: Any = wrapper.connection
        self.queue = ConnectionQueue(test, self.alias, timeout)
        self.dialect = self._dialect()
        self.session = SharedSession(wrapper.vendor, self.dialect)
        self.attributes = Attributes(self.raw)
        self.commits = Commits(self)
        self.lost: str | None = None
        # The savepoint to which a failed autocommit statement is rolled back: none yet, or behind later statements.
        self._standing = False
        self._behind = False
        self._to_close: list[Any] = []
        # psycopg opens the transaction with its first statement: until then none can be missed.
        self._used = False
        self._start()

    def _start(self) -> None:
        """Make sure that the end of the transaction will be noticed."""
        self.dialect.start(nested=bool(self.wrapper.savepoint_ids))

    def _dialect(self) -> Dialect:
        dialect = dialect_for(self.wrapper.vendor, self.raw)
        if dialect is None:
            raise UnsupportedConnection(messages.unsupported_vendor(self.alias, self.wrapper.vendor))
        return dialect

    def new_savepoint(self) -> str:
        """Open a savepoint; return its name, which is never used again."""
        self._used = True
        self.commits.get_ready()
        name = f"async_orm_t{next(_NUMBERS)}"
        self.dialect.send(f"SAVEPOINT {name}")
        return name

    def require(self) -> None:
        """Raise if the transaction is gone: asked before every statement, or one could be committed for good."""
        if self.lost is None and self._used and not self.dialect.alive():
            self.spoil("it had ended before the next statement")
        self.require_well()

    def require_well(self) -> None:
        """Raise if a loss was noticed: without the turn no more can be asked, since another thread may just begin."""
        if self.lost is not None:
            raise TransactionLost(messages.transaction_lost(self.test, self.alias, self.lost))

    def require_statement(self, sql: object) -> None:
        """Raise if a statement would end the transaction; it is not sent, and the sandbox stays good."""
        if self.dialect.refuses(sql):
            raise TransactionLost(messages.implicit_commit(self.test, self.alias, str(sql)))

    def switch_to(self, lease: Any, what: object, params: Any) -> None:
        """Restore the settings of a lease before its statement, which is refused if it would see what another's
        session has.
        """
        if self.dialect.in_error():
            return
        if foreign := self.session.seen_by(lease, what, params):
            thing, owner = foreign
            text = messages.session_shared(self.test, self.alias, thing.kind, thing.name, owner.thread.name, str(what))
            raise SessionShared(text)
        try:
            # The savepoint of a failure must be behind what was sent.
            self._behind |= self.session.switch_to(lease.kept)
            if not lease.keeps_local:
                self._behind |= self.session.things.drop_waiting()
        except Exception as error:  # noqa: BLE001 - each driver has its own
            self.spoil(f"the settings of a thread's session could not be restored ({error!r})")
            self.require_well()

    def protect(self, what: object) -> None:
        """Make sure that a failure of the next autocommit statement, or of its commit, undoes that statement alone.

        The savepoint is moved only when a statement follows, so that the last one of a test costs nothing.
        """
        self._used = True
        concerned = self.commits.begin_autocommit(what)
        if self.dialect.failure_spoils:
            self._move_savepoint()
        elif concerned and not self._try_to_move_savepoint():
            self.commits.give_up()

    def _move_savepoint(self) -> None:
        if not self._standing:
            self.dialect.send(f"SAVEPOINT {STANDING}")
        elif self._behind:
            self.dialect.send_all(*self.let_stand())
        self._standing, self._behind = True, False

    def _try_to_move_savepoint(self) -> bool:
        """SQLite refuses it while something is being written, as by an open blob."""
        try:
            self._move_savepoint()
        except self.raw.OperationalError:
            return False
        return True

    def let_stand(self) -> tuple[str, str]:
        """What to send so that no later failure undoes what was done."""
        return f"RELEASE SAVEPOINT {STANDING}", f"SAVEPOINT {STANDING}"

    def succeeded(self, what: object, *, autocommit: bool) -> None:
        """After a statement or a commit: what was done must survive the next failure. In autocommit a statement is
        checked as by its commit, and undone where that fails. Raises the driver's error.
        """
        self._behind = True
        self.commits.note(what)
        if not self.dialect.alive():
            self.spoil(f"it ended with {messages.shortened(str(what))}")
            self.require()
        if autocommit and self.commits.end_autocommit(what):
            self._behind = False

    def failed(self, what: object, *, autocommit: bool) -> None:
        """After a failed statement: undo it, and notice if the whole transaction went with it."""
        self.notice_loss(what)
        if self.lost is None and autocommit and self.dialect.failure_spoils:
            self._undo_failure(what)

    def undo(self, what: object) -> None:
        """After a statement in autocommit that its commit would not have kept."""
        self.notice_loss(what)
        if self.lost is None:
            self._undo_failure(what)

    def notice_loss(self, what: object) -> None:
        """Remember it if the transaction is gone after a call, or a statement, that failed."""
        if self._used and not self.dialect.alive():
            self.spoil(f"the connection closed or rolled back at {messages.shortened(str(what))}")

    def _undo_failure(self, what: object) -> None:
        try:
            self.dialect.send(f"ROLLBACK TO SAVEPOINT {STANDING}")
        except Exception as error:  # noqa: BLE001 - each driver has its own
            self.spoil(f"{messages.shortened(str(what))} failed and could not be rolled back ({error!r})")
        else:
            self._behind = False

    def roll_back_to(self, savepoint: str) -> None:
        """Roll a transaction of the application's back. Raises the driver's error."""
        self.dialect.send(f"ROLLBACK TO SAVEPOINT {savepoint}")
        self.dialect.send(f"RELEASE SAVEPOINT {savepoint}")

    def close_cursor(self, holder: Holder, cursor: Any) -> None:
        """Close a cursor now if the turn is free, and with the next statement otherwise.

        A server's cursor sends a statement to close. Another thread than the owner does so as a holder of its own,
        since the turn lets the owner in wherever the owner's lease has it.
        """
        if holder.thread is not threading.current_thread():
            holder = Passing()
        try:
            free = self.queue.try_take(holder)
        except SandboxEnded:
            return
        if not free:
            self._to_close.append(cursor)
            return
        try:
            cursor.close()
        finally:
            self.queue.give_back(holder, statement=True)

    def close_waiting_cursors(self) -> None:
        """Close the cursors that could not be closed when they were dropped."""
        while self._to_close:
            # Errors of a clean-up say nothing about the statement that happens to come next.
            with suppress(Exception):
                self._to_close.pop().close()

    def finish(self, refusal: Callable[[], Exception], grace: float) -> None:
        """Refuse everyone, stop the statement under way, roll back an unfinished transaction, see that all is well."""
        if not self.queue.close(refusal, grace):
            with suppress(Exception):
                self.dialect.interrupt()
            if not self.queue.close(refusal, grace):
                self.spoil("a statement that another thread had under way could not be stopped")
        # What a thread has told the driver may stop what is sent next.
        self.attributes.finish()
        holder = self.queue.holder
        if holder is not None and self.lost is None:
            holder.abandon()
        if self.lost is None:
            self.close_waiting_cursors()
            with suppress(Exception):
                self._leave_session()
            self._final_check()

    def _leave_session(self) -> None:
        """Take back what the roll-back of the test leaves."""
        self.session.finish()

    def _final_check(self) -> None:
        try:
            well = not self._used or self.dialect.verify()
        except Exception as error:  # noqa: BLE001 - each driver has its own
            self.spoil(f"the connection failed at the end of the test ({error!r})")
        else:
            if not well:
                self.spoil("it had ended before the test did")

    @property
    def may_have_committed(self) -> bool:
        """Whether the raw connection outlived the transaction: a server rolls back for a connection that dies."""
        return not self.dialect.closed()

    def discard(self) -> None:
        """Close the raw connection, so that Django opens a fresh one for the next test."""
        with suppress(Exception):
            self.wrapper.close()

    def spoil(self, reason: str) -> None:
        """Remember the first reason: later failures are its consequences."""
        if self.lost is None:
            self.lost = reason

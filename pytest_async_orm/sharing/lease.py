"""What one virtual connection holds of the shared one: its turn, and its transaction as a savepoint."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from django.db.utils import ProgrammingError

from pytest_async_orm.drivers.calls import params_of
from pytest_async_orm.errors import SandboxEnded
from pytest_async_orm.sharing.session import Kept
from pytest_async_orm.sharing.shared_connection import SharedConnection


class Lease:
    """A virtual connection's use of its shared connection. A transaction keeps the turn, a statement borrows it."""

    def __init__(self, shared: SharedConnection) -> None:
        self.shared = shared
        self.raw: Any = shared.raw
        """The driver's connection, or what stands for it towards the lease's owner."""
        self.thread = threading.current_thread()
        self.statements = 0
        """How many statements are under way, one inside another: see `Holder`."""
        self.lasting = False
        self.abandoned = False
        """Whether a transaction was rolled back that its owner has not ended."""
        self.autocommit = True
        self.begins = False
        """Whether the next statement is the one by which Django begins a transaction: see `VirtualConnection`."""
        self.kept = Kept()
        """The settings of the session that its owner has set."""
        self._savepoint: str | None = None
        # The statement for a savepoint by which the application began a transaction, and whose release ends it.
        self._begun_by: str | None = None
        # Whether nothing but settings was sent in its transaction.
        self._at_beginning = False
        # Whether its transaction may still define something before which earlier ones must be checked.
        self._checks_earlier = False

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, of the application's own."""
        return self._savepoint is not None

    @property
    def keeps_local(self) -> bool:
        """Whether a setting for a transaction outlives its statement."""
        return self.in_transaction

    @property
    def in_statement(self) -> bool:
        """Whether a statement is under way."""
        return self.statements > 0

    @property
    def waits(self) -> bool:
        """Whether a statement waits for the turn."""
        return self.shared.queue.expects(self)

    def run(self, call: Callable[..., Any], what: object, *args: Any, **options: Any) -> Any:
        """Send a statement by a call: in the transaction if there is one, on its own otherwise. `what` is the
        statement, or the name of the call.

        Inside a statement of this lease, as in a COPY's block or a function of SQLite's, the driver alone decides.
        """
        shared = self.shared
        if self.statements:
            return self._run_inside(call, what, args, options)
        self._begin_before(what)
        shared.queue.take(self, statement=True)
        try:
            self._prepare(what, args, options)
            result = self._send(call, what, args, options)
        finally:
            shared.queue.give_back(self, statement=True)
        if self._begun_by is not None and what == f"RELEASE {self._begun_by}":
            self.commit()
        return result

    def _begin_before(self, what: object) -> None:
        """Where autocommit is off, a statement may begin a transaction."""
        dialect = self.shared.dialect
        if not self.autocommit and self._savepoint is None and dialect.begins_transaction(what):
            self.begin()
            self._begun_by = dialect.opening_savepoint(what)

    def _prepare(self, what: object, args: Any = (), options: Any = {}) -> None:  # noqa: B006 - read only
        shared = self.shared
        shared.require()
        shared.require_statement(what)
        shared.close_waiting_cursors()
        if shared.session.touched:
            shared.switch_to(self, what, params_of(args, options))
        if self._savepoint is None:
            shared.protect(what)
        elif self._checks_earlier:
            self._checks_earlier = shared.commits.check_before(what)

    def _run_inside(self, call: Callable[..., Any], what: object, args: Any, options: Any) -> Any:
        shared = self.shared
        shared.require_statement(what)
        shared.queue.take(self, statement=True)
        try:
            return self._call(call, what, args, options) if shared.dialect.can_be_asked() else call(*args, **options)
        finally:
            shared.queue.give_back(self, statement=True)

    def _call(self, call: Callable[..., Any], what: object, args: Any, options: Any) -> Any:
        session = self.shared.session
        trace = session.trace_of(what)
        if trace is not None and trace.begins_with and (self._savepoint is None or self._at_beginning):
            return call(trace.begins_with)
        self._at_beginning &= trace is not None and trace.only_sets
        if trace is None:
            return call(*args, **options)
        return session.run(self, trace, params_of(args, options), lambda: call(*args, **options))

    @contextmanager
    def lasting_statement(self, what: object) -> Iterator[None]:
        """A statement that is under way until the block ends, as COPY is, and the turn with it."""
        queue, outer = self.shared.queue, self.statements
        if not outer:
            self._begin_before(what)
        queue.take(self, statement=True)
        try:
            if outer:
                yield
                return
            self.thread, self.lasting = threading.current_thread(), True
            self._prepare(what)
            with self._watched(what):
                yield
        finally:
            self.lasting = self.lasting and bool(outer)
            queue.give_back_anywhere(self)

    @contextmanager
    def _watched(self, what: object) -> Iterator[None]:
        shared = self.shared
        try:
            yield
        except BaseException:
            shared.failed(what, autocommit=not self.in_transaction)
            raise
        finally:
            # A block of the driver's may have rolled back out of sight.
            shared.session.roll_back()
        shared.succeeded(what, autocommit=not self.in_transaction)

    def _send(self, call: Callable[..., Any], what: object, args: Any, options: Any) -> Any:
        try:
            result = self._call(call, what, args, options)
        except BaseException as error:
            instead = None if self.in_transaction else self.shared.dialect.instead(what, error)
            if instead is not None:
                return call(instead)
            self.shared.failed(what, autocommit=not self.in_transaction)
            if self.in_transaction or not self.shared.dialect.misses_commit(error):
                raise
            result = self._send_checked(call, what, args, options)
        self.shared.succeeded(what, autocommit=not self.in_transaction)
        return result

    def _send_checked(self, call: Callable[..., Any], what: object, args: Any, options: Any) -> Any:
        """Send a statement in autocommit once more, after the checks of the commits before it."""
        self.shared.commits.check_earlier(autocommit=True)
        try:
            return self._call(call, what, args, options)
        except BaseException:
            self.shared.failed(what, autocommit=True)
            raise

    def time_zone(self) -> str | None:
        """What the owner's session has, if that is known without asking the server: PostgreSQL alone has one."""
        shared = self.shared
        if shared.session.touched:
            found: str | None = shared.session.setting_of(self.kept, "timezone")
            return found
        return shared.dialect.time_zone()

    def touch(self, call: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Use the raw connection in a way that sends no statement: create a cursor, fetch what it holds."""
        queue = self.shared.queue
        queue.take(self, statement=True)
        try:
            self.shared.require()
            return call(*args, **options)
        except BaseException:
            self.shared.notice_loss(call)
            raise
        finally:
            queue.give_back(self, statement=True)

    def begin(self) -> None:
        """Take the turn and keep it until the transaction ends; nothing to do if one is open."""
        if self._savepoint is not None:
            return
        queue = self.shared.queue
        queue.take(self, statement=True)
        try:
            self.thread = threading.current_thread()
            self.shared.require()
            # SQLite opens no savepoint while a statement is under way, such as a cursor that nobody could close yet.
            self.shared.close_waiting_cursors()
            if self.shared.session.touched:
                self.shared.switch_to(self, "SAVEPOINT", None)
            self._savepoint = self.shared.new_savepoint()
            self.shared.attributes.begin(self)
            self._checks_earlier, self._at_beginning = self.shared.dialect.checks_at_commit, True
        except BaseException:
            queue.give_back(self, statement=True)
            raise
        queue.end_statement(self)

    def set_autocommit(self, autocommit: bool, *, in_block: bool = False) -> None:
        """Switch as the driver does while a transaction is open: commit, or refuse by Django's ProgrammingError."""
        if self.in_transaction and not in_block:
            if not self.shared.dialect.autocommit_commits:
                raise ProgrammingError("can't change 'autocommit' now: connection in transaction status INTRANS")
            if autocommit:
                self.commit()
        self.autocommit = autocommit

    def commit(self) -> None:
        """Make the transaction's work part of the test's. If that fails it stays open, to be rolled back, except where
        the server itself rolls back what it cannot commit.
        """
        if self._savepoint is None:
            return
        try:
            self._end("COMMIT", partial(self.shared.commits.release, self._savepoint))
        except BaseException:
            if self.shared.commits.checked and self.shared.dialect.in_error():
                self.rollback()
            raise

    def rollback(self) -> None:
        """Roll the transaction back, if one is open."""
        if self._savepoint is not None:
            self._end("ROLLBACK", partial(self.shared.roll_back_to, self._savepoint))

    def _end(self, what: str, call: Callable[[], None]) -> None:
        shared = self.shared
        shared.queue.take(self, statement=True)
        try:
            shared.require()
            shared.close_waiting_cursors()
            self._send(call, what, (), {})
            self._savepoint = self._begun_by = None
            shared.session.end(self, commit=what == "COMMIT")
            shared.queue.give_back(self)
        finally:
            shared.queue.give_back(self, statement=True)

    def close(self) -> None:
        """Roll back an open transaction and give the turn back; forget what the session was given. Never raises."""
        self.shared.attributes.close(self)
        if self.in_transaction:
            # After the sandbox's end its own roll-back does it.
            with suppress(SandboxEnded):
                self._roll_back_and_leave()
        self.shared.session.close(self)

    def _roll_back_and_leave(self) -> None:
        queue = self.shared.queue
        queue.take(self, statement=True)
        try:
            self.abandon()
            queue.give_back(self)
        finally:
            queue.give_back(self, statement=True)

    def abandon(self) -> None:
        """Roll back what was not finished, as a server does for a client that went away. Never raises.

        Called by the owner's close(), by whoever finds the owner's thread dead, and at the sandbox's end: the caller
        has made sure that no statement is under way.
        """
        savepoint, self._savepoint, self._begun_by = self._savepoint, None, None
        self.abandoned |= savepoint is not None
        self.shared.attributes.close(self)
        self.shared.session.close(self)
        if savepoint is None or self.shared.lost is not None:
            return
        try:
            self.shared.roll_back_to(savepoint)
        except Exception as error:  # noqa: BLE001 - each driver has its own
            self.shared.spoil(f"an unfinished transaction could not be rolled back ({error!r})")

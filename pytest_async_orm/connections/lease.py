"""What one virtual connection holds of the physical one: its turn, and its transaction as a savepoint."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from pytest_async_orm.connections.physical import Physical


class Lease:
    """A virtual connection's use of its physical connection. A transaction keeps the turn, a statement borrows it."""

    def __init__(self, physical: Physical) -> None:
        self.physical = physical
        self.thread = threading.current_thread()
        self.in_statement = False
        self.autocommit = True
        self.begins = False
        """Whether the next statement is the one by which Django begins a transaction: see `VirtualConnection`."""
        self._savepoint: str | None = None

    @property
    def in_transaction(self) -> bool:
        return self._savepoint is not None

    def run(self, call: Callable[..., Any], what: object, *args: Any, **options: Any) -> Any:
        """Send a statement: in the transaction if there is one, on its own otherwise."""
        physical = self.physical
        if not self.autocommit and not self.in_transaction:
            self.begin()
        physical.turn.take(self, statement=True)
        try:
            physical.require()
            physical.require_statement(what)
            physical.close_waiting_cursors()
            if not self.in_transaction:
                physical.protect()
            return self._send(call, what, args, options)
        finally:
            physical.turn.give_back(self, statement=True)

    def _send(self, call: Callable[..., Any], what: object, args: Any, options: Any) -> Any:
        try:
            result = call(*args, **options)
        except BaseException:
            self.physical.failed(what, autocommit=not self.in_transaction)
            raise
        self.physical.succeeded(what)
        return result

    def touch(self, call: Callable[..., Any], *args: Any) -> Any:
        """Use the raw connection in a way that sends no statement: create a cursor, fetch what it holds."""
        turn = self.physical.turn
        turn.take(self, statement=True)
        try:
            self.physical.require()
            return call(*args)
        except BaseException:
            self.physical.notice_loss(call)
            raise
        finally:
            turn.give_back(self, statement=True)

    def begin(self) -> None:
        """Take the turn and keep it until the transaction ends."""
        turn = self.physical.turn
        turn.take(self, statement=True)
        try:
            self.physical.require()
            # SQLite opens no savepoint while a statement is under way, such as a cursor that nobody could close yet.
            self.physical.close_waiting_cursors()
            self._savepoint = self.physical.new_savepoint()
        except BaseException:
            turn.give_back(self, statement=True)
            raise
        self.in_statement = False

    def commit(self) -> None:
        """Make the transaction's work part of the test's; if that fails the transaction stays open, to be rolled
        back.
        """
        if self._savepoint is not None:
            self._end("COMMIT", f"RELEASE SAVEPOINT {self._savepoint}")

    def rollback(self) -> None:
        if self._savepoint is not None:
            self._end("ROLLBACK", f"ROLLBACK TO SAVEPOINT {self._savepoint}", f"RELEASE SAVEPOINT {self._savepoint}")

    def _end(self, what: str, *statements: str) -> None:
        physical = self.physical
        physical.turn.take(self, statement=True)
        try:
            physical.require()
            physical.close_waiting_cursors()
            for statement in statements:
                self._send(physical.dialect.send, what, (statement,), {})
            self._savepoint = None
            physical.turn.give_back(self)
        finally:
            physical.turn.give_back(self, statement=True)

    def close(self) -> None:
        """Roll back an open transaction and give the turn back; nothing to do otherwise. Never raises."""
        if self.in_transaction:
            self.abandon()
            self.physical.turn.give_back(self)

    def is_usable(self) -> bool:
        """Whether the raw connection answers and the test's transaction is open; no driver may reconnect behind
        our back.
        """
        try:
            self.run(self.physical.dialect.send, "SELECT 1", "SELECT 1")
        except Exception:  # noqa: BLE001 - whatever it is, the answer is no
            return False
        return True

    def abandon(self) -> None:
        """Roll back what was not finished, as a server does for a client that went away. Never raises.

        Called by the owner's close(), by whoever finds the owner's thread dead, and at the sandbox's end: the caller
        has made sure that no statement is under way.
        """
        savepoint, self._savepoint = self._savepoint, None
        if savepoint is None or self.physical.lost is not None:
            return
        try:
            self.physical.dialect.send(f"ROLLBACK TO SAVEPOINT {savepoint}")
            self.physical.dialect.send(f"RELEASE SAVEPOINT {savepoint}")
        except Exception as error:  # noqa: BLE001 - each driver has its own
            self.physical.spoil(f"an unfinished transaction could not be rolled back ({error!r})")

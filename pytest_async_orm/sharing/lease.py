"""What one virtual connection holds of the physical one: its turn, and its transaction as a savepoint."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from pytest_async_orm.sharing.shared_connection import SharedConnection


class Lease:
    """A virtual connection's use of its physical connection. A transaction keeps the turn, a statement borrows it."""

    def __init__(self, shared: SharedConnection) -> None:
        self.shared = shared
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
        shared = self.shared
        if not self.autocommit and not self.in_transaction:
            self.begin()
        shared.queue.take(self, statement=True)
        try:
            shared.require()
            shared.require_statement(what)
            shared.close_waiting_cursors()
            if not self.in_transaction:
                shared.protect()
            return self._send(call, what, args, options)
        finally:
            shared.queue.give_back(self, statement=True)

    def _send(self, call: Callable[..., Any], what: object, args: Any, options: Any) -> Any:
        try:
            result = call(*args, **options)
        except BaseException:
            self.shared.failed(what, autocommit=not self.in_transaction)
            raise
        self.shared.succeeded(what)
        return result

    def touch(self, call: Callable[..., Any], *args: Any) -> Any:
        """Use the raw connection in a way that sends no statement: create a cursor, fetch what it holds."""
        queue = self.shared.queue
        queue.take(self, statement=True)
        try:
            self.shared.require()
            return call(*args)
        except BaseException:
            self.shared.notice_loss(call)
            raise
        finally:
            queue.give_back(self, statement=True)

    def begin(self) -> None:
        """Take the turn and keep it until the transaction ends."""
        queue = self.shared.queue
        queue.take(self, statement=True)
        try:
            self.shared.require()
            # SQLite opens no savepoint while a statement is under way, such as a cursor that nobody could close yet.
            self.shared.close_waiting_cursors()
            self._savepoint = self.shared.new_savepoint()
        except BaseException:
            queue.give_back(self, statement=True)
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
        shared = self.shared
        shared.queue.take(self, statement=True)
        try:
            shared.require()
            shared.close_waiting_cursors()
            for statement in statements:
                self._send(shared.dialect.send, what, (statement,), {})
            self._savepoint = None
            shared.queue.give_back(self)
        finally:
            shared.queue.give_back(self, statement=True)

    def close(self) -> None:
        """Roll back an open transaction and give the turn back; nothing to do otherwise. Never raises."""
        if self.in_transaction:
            self.abandon()
            self.shared.queue.give_back(self)

    def is_usable(self) -> bool:
        """Whether the raw connection answers and the test's transaction is open; no driver may reconnect behind
        our back.
        """
        try:
            self.run(self.shared.dialect.send, "SELECT 1", "SELECT 1")
        except Exception:  # noqa: BLE001 - whatever it is, the answer is no
            return False
        return True

    def abandon(self) -> None:
        """Roll back what was not finished, as a server does for a client that went away. Never raises.

        Called by the owner's close(), by whoever finds the owner's thread dead, and at the sandbox's end: the caller
        has made sure that no statement is under way.
        """
        savepoint, self._savepoint = self._savepoint, None
        if savepoint is None or self.shared.lost is not None:
            return
        try:
            self.shared.dialect.send(f"ROLLBACK TO SAVEPOINT {savepoint}")
            self.shared.dialect.send(f"RELEASE SAVEPOINT {savepoint}")
        except Exception as error:  # noqa: BLE001 - each driver has its own
            self.shared.spoil(f"an unfinished transaction could not be rolled back ({error!r})")

"""Real connections of other threads, closed when nobody uses them any more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from pytest_async_orm.connections.closes import watch_closes
from pytest_async_orm.connections.ledger import LEDGER, Ledger
from pytest_async_orm.connections.workers import is_idle


class OpenedConnections:
    """The part of the ledger that the plugin cleans up."""

    def __init__(self, ledger: Ledger = LEDGER) -> None:
        self._ledger = ledger

    def watch(self) -> None:
        watch_closes()
        self._ledger.watch()

    def unwatch(self) -> None:
        self._ledger.unwatch()

    def elsewhere(self) -> Iterator[tuple[Any, threading.Thread]]:
        """Open connections of threads other than the calling one."""
        here = threading.current_thread()
        for entry in self._ledger.open_entries():
            wrapper = entry.wrapper
            # A native async connection can be closed by its own loop alone.
            if entry.virtual or entry.thread is here or not isinstance(wrapper, BaseDatabaseWrapper):
                continue
            if wrapper.connection is not None:
                yield wrapper, entry.thread

    def close_idle(self) -> list[threading.Thread]:
        """Close the connections of threads that do nothing; return the threads that are at work and keep theirs."""
        working = []
        for connection, thread in self.elsewhere():
            if is_idle(thread):
                self._close(connection)
            else:
                working.append(thread)
        return working

    def close_all(self) -> None:
        for connection, _ in self.elsewhere():
            self._close(connection)

    def _close(self, connection: Any) -> None:
        with self._ledger.own_hand():
            close_from_here(connection)


def close_from_here(connection: Any) -> None:
    """Close another thread's connection, which Django allows to whoever says so."""
    connection.inc_thread_sharing()
    try:
        connection.close()
        if connection.closed_in_transaction:
            # Its thread left an atomic block open for good; the next use may connect again.
            connection.connection = None
    finally:
        connection.dec_thread_sharing()

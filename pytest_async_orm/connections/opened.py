"""Real connections that other threads opened, so that they can be closed when nobody uses them any more."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from pytest_async_orm.connections.virtual import VirtualConnection
from pytest_async_orm.connections.workers import is_idle


class OpenedConnections:
    """Every wrapper that connected since `watch`, with the thread that did it."""

    def __init__(self) -> None:
        self._seen: weakref.WeakKeyDictionary[BaseDatabaseWrapper, threading.Thread] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    def watch(self) -> None:
        connection_created.connect(self._remember, dispatch_uid="pytest_async_orm.opened")

    def unwatch(self) -> None:
        connection_created.disconnect(dispatch_uid="pytest_async_orm.opened")

    def _remember(self, connection: Any, **signal: Any) -> None:  # noqa: ARG002 - the signal protocol
        if not isinstance(connection, VirtualConnection):
            with self._lock:
                self._seen[connection] = threading.current_thread()

    def elsewhere(self) -> Iterator[tuple[BaseDatabaseWrapper, threading.Thread]]:
        """Open connections of threads other than the calling one."""
        with self._lock:
            seen = list(self._seen.items())
        here = threading.current_thread()
        return (
            (connection, thread)
            for connection, thread in seen
            if thread is not here and connection.connection is not None
        )

    def close_idle(self) -> list[threading.Thread]:
        """Close the connections of threads that do nothing; return the threads that are at work and keep theirs."""
        working = []
        for connection, thread in self.elsewhere():
            if is_idle(thread):
                close_from_here(connection)
            else:
                working.append(thread)
        return working

    def close_all(self) -> None:
        for connection, _ in self.elsewhere():
            close_from_here(connection)


def close_from_here(connection: BaseDatabaseWrapper) -> None:
    """Close another thread's connection, which Django allows to whoever says so."""
    connection.inc_thread_sharing()
    try:
        connection.close()
        if connection.closed_in_transaction:
            # Its thread left an atomic block open for good; the next use may connect again.
            connection.connection = None
    finally:
        connection.dec_thread_sharing()

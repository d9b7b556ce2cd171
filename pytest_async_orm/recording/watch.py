"""Every statement of every connection of every thread, from the moment a recording opens.

Django's public `execute_wrappers` see what goes through cursors. Transaction control does not: Django itself logs it
by `debug_transaction`, exactly where its own count of queries has one.
"""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from pytest_async_orm.clock import REAL
from pytest_async_orm.patches import native, targets
from pytest_async_orm.patches.process import PROCESS, Sink


def seen(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """The wrapper around every statement of a watched connection."""
    started = REAL.perf_counter()
    try:
        result = execute(sql, params, many, context)
    except BaseException as error:
        _tell(context["connection"], sql, params, many, started, REAL.perf_counter(), context["cursor"], error)
        raise
    if (sink := PROCESS.sink) is not None:
        sink(context["connection"], sql, params, many, started, REAL.perf_counter(), context["cursor"], None)
    return result


def _tell(*statement: Any) -> None:
    if PROCESS.sink is not None:
        PROCESS.sink(*statement)


class Watch:
    """Knows all connections of a session. While it is open each statement is told to the sink."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._known: weakref.WeakSet[BaseDatabaseWrapper] = weakref.WeakSet()
        self._has_connected = False
        self._knows_all = False

    def open(self, sink: Sink) -> None:
        """Tell a sink of every statement, on connections that are open and on those that come."""
        self._know_all()
        with self._lock:
            PROCESS.recordings += 1
            PROCESS.sink = sink
            if PROCESS.recordings == 1:
                for connection in [*self._known, *connections.all(initialized_only=True)]:
                    self._attach(connection)

    def close(self) -> None:
        """End what `open` began; the last one leaves every connection as it was."""
        with self._lock:
            PROCESS.recordings -= 1
            if PROCESS.recordings == 0:
                for connection in list(self._known):
                    if seen in connection.execute_wrappers:
                        connection.execute_wrappers.remove(seen)

    def sees_something(self) -> bool:
        """Whether any of the connections that are watched has ever been open."""
        return self._has_connected or any(known.connection is not None for known in list(self._known))

    def created(self, connection: Any) -> None:
        """Know a connection that was opened just now."""
        with self._lock:
            self._has_connected = True
            self._known.add(connection)
            if PROCESS.recordings:
                self._attach(connection)

    def _know_all(self) -> None:
        """Know of all connections from now on; of those that are open already, by one look at what is alive."""
        with self._lock:
            if self._knows_all:
                return
            self._knows_all = True
            PROCESS.patches.connect(connection_created, _created, "pytest_async_orm.watch")
            # By their type: `isinstance` asks an object for its class, which sets Django's lazy objects up.
            self._known.update(found for found in gc.get_objects() if issubclass(type(found), BaseDatabaseWrapper))
            PROCESS.patches.install(targets.LOG_TRANSACTION, _logging)
            native.install()

    def _attach(self, connection: BaseDatabaseWrapper) -> None:
        """First in the list: outermost, as Django's own log is, and out of the way of code that pushes and pops."""
        self._known.add(connection)
        if seen not in connection.execute_wrappers:
            connection.execute_wrappers.insert(0, seen)


def _created(connection: Any, **signal: Any) -> None:  # noqa: ARG001 - the signal protocol
    PROCESS.one(Watch).created(connection)


@contextmanager
def transaction_control(connection: Any, sql: str) -> Iterator[None]:
    """Tell of a statement that goes through no cursor."""
    started = REAL.perf_counter()
    failure = None
    try:
        yield
    except BaseException as error:
        failure = error
        raise
    finally:
        _tell(connection, sql, None, False, started, REAL.perf_counter(), None, failure)


def _logging(original: Callable[..., Any]) -> Callable[..., Any]:
    @contextmanager
    def told(connection: Any, sql: str) -> Iterator[None]:
        with transaction_control(connection, sql), original(connection, sql):
            yield

    def debug_transaction(connection: Any, sql: str) -> Any:
        return told(connection, sql) if PROCESS.recordings else original(connection, sql)

    return debug_transaction

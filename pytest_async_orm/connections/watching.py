"""Every statement of every connection of every thread, from the moment a recording opens.

Django's public `execute_wrappers` see what goes through cursors. Transaction control does not: Django itself logs it
by `debug_transaction`, which `django.db.backends.base.base` calls exactly where its own count of queries has one; the
name is private, seen in Django 4.2 to 6.1, pinned by a test.
"""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from time import perf_counter
from typing import Any

from django.db import connections
from django.db.backends.base import base
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from pytest_async_orm.connections.refused import refuse_native_connections
from pytest_async_orm.connections.routing import SWITCH

# connection, statement, parameters, many, start and end (`perf_counter`), cursor (None: transaction control), error
Sink = Callable[[Any, Any, Any, bool, float, float, Any, "BaseException | None"], None]


_sinks: list[Sink] = []


def seen(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """The wrapper around every statement of a watched connection."""
    started = perf_counter()
    try:
        result = execute(sql, params, many, context)
    except BaseException as error:
        _sinks[0](context["connection"], sql, params, many, started, perf_counter(), context["cursor"], error)
        raise
    _sinks[0](context["connection"], sql, params, many, started, perf_counter(), context["cursor"], None)
    return result


class Watch:
    """One a process. While it is open each statement is told to the sink."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._known: weakref.WeakSet[BaseDatabaseWrapper] = weakref.WeakSet()
        self._has_connected = False
        self.recordings = 0
        """How many are open."""
        self._installed = False

    def install(self) -> None:
        """Know of all connections from now on; of those that are open already, by one look at what is alive."""
        with self._lock:
            if self._installed:
                return
            self._installed = True
            connection_created.connect(self._created, dispatch_uid="pytest_async_orm.watching")
            # By their type: `isinstance` asks an object for its class, which sets Django's lazy objects up.
            self._known.update(found for found in gc.get_objects() if issubclass(type(found), BaseDatabaseWrapper))
            _patch_transaction_control(self)
            refuse_native_connections(SWITCH)

    def open(self, sink: Sink) -> None:
        self.install()
        with self._lock:
            self.recordings += 1
            _sinks[:] = [sink]
            if self.recordings == 1:
                for connection in [*self._known, *connections.all(initialized_only=True)]:
                    self._attach(connection)

    def close(self) -> None:
        with self._lock:
            self.recordings -= 1
            if self.recordings == 0:
                for connection in list(self._known):
                    if seen in connection.execute_wrappers:
                        connection.execute_wrappers.remove(seen)

    def sees_something(self) -> bool:
        """Whether any of the connections that are watched has ever been open."""
        return self._has_connected or any(known.connection is not None for known in list(self._known))

    def _created(self, connection: Any, **signal: Any) -> None:  # noqa: ARG002 - the signal protocol
        with self._lock:
            self._has_connected = True
            self._known.add(connection)
            if self.recordings:
                self._attach(connection)

    def _attach(self, connection: BaseDatabaseWrapper) -> None:
        """First in the list: outermost, as Django's own log is, and out of the way of whoever pushes and pops."""
        self._known.add(connection)
        if seen not in connection.execute_wrappers:
            connection.execute_wrappers.insert(0, seen)

    @contextmanager
    def transaction_control(self, connection: Any, sql: str) -> Iterator[None]:
        started = perf_counter()
        failure = None
        try:
            yield
        except BaseException as error:
            failure = error
            raise
        finally:
            for sink in _sinks:
                sink(connection, sql, None, False, started, perf_counter(), None, failure)


def _patch_transaction_control(watch: Watch) -> None:
    original = base.debug_transaction  # type: ignore[attr-defined]

    @contextmanager
    def debug_transaction(connection: Any, sql: str) -> Iterator[None]:
        with watch.transaction_control(connection, sql), original(connection, sql):
            yield

    @wraps(original)
    def switched(connection: Any, sql: str) -> Any:
        return debug_transaction(connection, sql) if watch.recordings else original(connection, sql)

    setattr(base, "debug_transaction", switched)  # noqa: B010 - imported there, not defined


WATCH = Watch()

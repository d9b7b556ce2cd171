"""How the databases are, and how much they are asked.

`connection.queries` would not do: it belongs to one thread's connection, and is filled only while `DEBUG` is on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import DatabaseError, InterfaceError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Health:
    """One database: `queries` since the monitor was installed, of all threads, and the `seconds` that they took."""

    vendor: str
    usable: bool
    queries: int
    seconds: float


class DatabaseMonitor:
    """Counts the queries of every thread's connections, from when it is installed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queries: dict[str, int] = {}
        self._seconds: dict[str, float] = {}

    def install(self) -> None:
        """Watch the connections that this thread has, and all that will be opened on any thread."""
        connection_created.connect(self._watch, dispatch_uid=f"monitor-{id(self)}")
        for connection in connections.all(initialized_only=True):
            self._watch(connection)

    def uninstall(self) -> None:
        """Watch no more connections than by now."""
        connection_created.disconnect(dispatch_uid=f"monitor-{id(self)}")

    async def health(self) -> dict[str, Health]:
        """For each alias what is known of it; connects to see whether it is usable."""
        found = await sync_to_async(_usable)()
        with self._lock:
            return {
                alias: Health(vendor, usable, self._queries.get(alias, 0), self._seconds.get(alias, 0.0))
                for alias, (vendor, usable) in found.items()
            }

    def _watch(self, connection: BaseDatabaseWrapper, **_: Any) -> None:
        # It connects again as the same object. First in the list, because `execute_wrapper()` takes off the last.
        if self._count not in connection.execute_wrappers:
            connection.execute_wrappers.insert(0, self._count)

    def _count(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            taken = time.perf_counter() - started
            alias = context["connection"].alias
            with self._lock:
                self._queries[alias] = self._queries.get(alias, 0) + 1
                self._seconds[alias] = self._seconds.get(alias, 0.0) + taken


async def timed(name: str, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """Await the function and log how long that took; a failure is logged and raised again."""
    started = time.perf_counter()
    try:
        result = await function(*args, **kwargs)
    except Exception:
        logger.exception("%s failed after %.3f s", name, time.perf_counter() - started)
        raise
    logger.info("%s took %.3f s", name, time.perf_counter() - started)
    return result


def _usable() -> dict[str, tuple[str, bool]]:
    """Asked on the ORM's thread, of its own connections."""
    return {alias: (connections[alias].vendor, _answers(connections[alias])) for alias in connections}


def _answers(connection: BaseDatabaseWrapper) -> bool:
    try:
        connection.ensure_connection()
        if not connection.is_usable() and not connection.in_atomic_block:
            # Broken since it was opened, which says nothing of the database: once more, anew.
            connection.close()
            connection.ensure_connection()
        return connection.is_usable()
    except (DatabaseError, InterfaceError):
        return False


monitor = DatabaseMonitor()

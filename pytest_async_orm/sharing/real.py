"""The real connections of the calling thread, around and between sandboxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.management import call_command
from django.db import connections

from pytest_async_orm.drivers.dialects import dialect_for, kind_for


def isolated_connections() -> list[Any]:
    """The calling thread's connections on which a test's transaction is open. None means a transactional test."""
    return [connection for connection in connections.all(initialized_only=True) if connection.in_atomic_block]


def prepare_connections() -> None:
    """Before a transaction that will be shared is opened on the calling thread's connections: make what would cost more
    inside.
    """
    for wrapper in connections.all(initialized_only=True):
        if wrapper.connection is None or wrapper.in_atomic_block:
            continue
        dialect = dialect_for(wrapper.vendor, wrapper.connection)
        if dialect is not None:
            dialect.prepare()


def can_be_shared(wrapper: Any) -> bool:
    """Whether the plugin knows the database and, of a connection that is open, the driver."""
    return wrapper.connection is None or kind_for(wrapper.vendor, wrapper.connection) is not None


def flush(aliases: Sequence[str]) -> None:
    """Empty all tables, as Django's own transactional tests do when they end."""
    for alias in aliases:
        call_command("flush", verbosity=0, interactive=False, database=alias, reset_sequences=False)

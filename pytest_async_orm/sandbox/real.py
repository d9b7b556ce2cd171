"""The real connections of the calling thread, around and between sandboxes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from django.core.management import call_command
from django.db import connections

from pytest_async_orm.connections.opened import OpenedConnections
from pytest_async_orm.connections.stacks import stack_of
from pytest_async_orm.records import Leftover
from pytest_async_orm.sandbox.isolation import GRACE_SECONDS

_POLL_SECONDS = 0.005


def isolated_connections() -> list[Any]:
    """The calling thread's connections on which a test's transaction is open. None means a transactional test."""
    return [connection for connection in connections.all(initialized_only=True) if connection.in_atomic_block]


def flush(aliases: Sequence[str]) -> None:
    """Empty all tables, as Django's own transactional tests do when they end."""
    for alias in aliases:
        call_command("flush", verbosity=0, interactive=False, database=alias, reset_sequences=False)


def close_idle_connections(opened: OpenedConnections) -> list[Leftover]:
    """Close other threads' connections, giving threads that are at work a short grace; describe those that stay so."""
    deadline = time.monotonic() + GRACE_SECONDS
    working = opened.close_idle()
    while working and time.monotonic() < deadline:
        working[0].join(_POLL_SECONDS)
        working = opened.close_idle()
    return [Leftover("thread", thread.name, stack_of(thread)) for thread in working]

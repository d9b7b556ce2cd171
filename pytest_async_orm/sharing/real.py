"""The real connections of the calling thread, around and between sandboxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.management import call_command
from django.db import connections


def isolated_connections() -> list[Any]:
    """The calling thread's connections on which a test's transaction is open. None means a transactional test."""
    return [connection for connection in connections.all(initialized_only=True) if connection.in_atomic_block]


def flush(aliases: Sequence[str]) -> None:
    """Empty all tables, as Django's own transactional tests do when they end."""
    for alias in aliases:
        call_command("flush", verbosity=0, interactive=False, database=alias, reset_sequences=False)

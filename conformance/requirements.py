"""Requirement flags: what an entry needs of the database or of asgiref. Each capability is one sentence."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

Flag = Callable[[Any], bool]


def _transactions(connection: Any) -> bool:
    """The database can roll back what a transaction wrote."""
    return bool(connection.features.supports_transactions)


def _concurrent_connections(connection: Any) -> bool:
    """Two connections of one process can each run a statement at the same time."""
    return not connection.is_in_memory_db() if connection.vendor == "sqlite" else True


def _threads_of_blocks(_: Any) -> bool:
    """A block of async code can be given a thread of its own."""
    from asgiref.sync import ThreadSensitiveContext

    return "executor" in inspect.signature(ThreadSensitiveContext).parameters


FLAGS: dict[str, Flag] = {
    "concurrent_connections": _concurrent_connections,
    "threads_of_blocks": _threads_of_blocks,
    "transactions": _transactions,
}
OF_ASGIREF = frozenset({"threads_of_blocks"})
"""The flags that are asked of asgiref; all others are asked of the database."""


def unmet(names: tuple[str, ...]) -> str:
    """Why the default database, or this asgiref, lacks one of the named capabilities; empty if they have them all.

    Raises `KeyError` for a flag that does not exist.
    """
    from django.db import connection

    for name in names:
        flag = FLAGS[name]
        if not flag(connection):
            return f"{_asked(name, connection)} lacks this: {flag.__doc__}"
    return ""


def _asked(name: str, connection: Any) -> str:
    """What a flag is asked of, as a reader knows it."""
    import asgiref

    return f"asgiref {asgiref.__version__}" if name in OF_ASGIREF else str(connection.display_name)

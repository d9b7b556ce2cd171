"""Requirement flags: what an entry needs of a database. Each capability is one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Flag = Callable[[Any], bool]


def _transactions(connection: Any) -> bool:
    """The database can roll back what a transaction wrote."""
    return bool(connection.features.supports_transactions)


def _concurrent_connections(connection: Any) -> bool:
    """Two connections of one process can each run a statement at the same time."""
    return not connection.is_in_memory_db() if connection.vendor == "sqlite" else True


FLAGS: dict[str, Flag] = {"concurrent_connections": _concurrent_connections, "transactions": _transactions}


def unmet(names: tuple[str, ...]) -> str:
    """Why the default database lacks one of the named capabilities; empty if it has them all.

    Raises `KeyError` for a flag that does not exist.
    """
    from django.db import connection

    for name in names:
        flag = FLAGS[name]
        if not flag(connection):
            return f"{connection.display_name} lacks this: {flag.__doc__}"
    return ""

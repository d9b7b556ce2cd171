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


def _redis(_: Any) -> bool:
    """A Redis server answers here, whose database 15 is empty, and the package `redis` is installed."""
    try:
        import redis

        with redis.Redis(db=15, socket_connect_timeout=1) as client:
            # It is emptied again and again: what somebody else keeps there must not be lost.
            return bool(client.dbsize() == 0)
    except ImportError:
        return False
    except redis.RedisError:
        return False


def _sample_app(_: Any) -> bool:
    """The sample app supports this Django."""
    import django

    return django.VERSION >= (4, 2)


def _stored_columns(connection: Any) -> bool:
    """The database can compute columns and store them."""
    return _supports(connection, "stored_generated_columns", (5, 0))


def _virtual_columns(connection: Any) -> bool:
    """The database can compute columns whenever they are read."""
    return _supports(connection, "virtual_generated_columns", (5, 0))


def _expression_defaults(connection: Any) -> bool:
    """An expression can be a column's default."""
    return _supports(connection, "expression_defaults", (5, 0))


def _default_on_delete(connection: Any) -> bool:
    """The database can give a reference its default where the row that it names is deleted."""
    return _supports(connection, "on_delete_db_default", (6, 1))


def _supports(connection: Any, feature: str, since: tuple[int, int]) -> bool:
    """What a Django before that lacks is absent, whatever the database."""
    import django

    return since > django.VERSION or bool(getattr(connection.features, f"supports_{feature}", False))


def _threads_of_blocks(_: Any) -> bool:
    """A block of async code can be given a thread of its own."""
    from asgiref.sync import ThreadSensitiveContext

    return "executor" in inspect.signature(ThreadSensitiveContext).parameters


FLAGS: dict[str, Flag] = {
    "concurrent_connections": _concurrent_connections,
    "default_on_delete": _default_on_delete,
    "expression_defaults": _expression_defaults,
    "redis": _redis,
    "sample_app": _sample_app,
    "stored_columns": _stored_columns,
    "threads_of_blocks": _threads_of_blocks,
    "transactions": _transactions,
    "virtual_columns": _virtual_columns,
}
OF_ASGIREF = frozenset({"threads_of_blocks"})
"""The flags that are asked of asgiref."""


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
    """What a flag is asked of, as a reader knows it: not everything depends on the database."""
    import asgiref
    import django

    elsewhere = {"redis": "This machine", "sample_app": f"Django {django.get_version()}"}
    elsewhere.update(dict.fromkeys(OF_ASGIREF, f"asgiref {asgiref.__version__}"))
    return elsewhere[name] if name in elsewhere else str(connection.display_name)

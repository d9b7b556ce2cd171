"""What Django's handler of connections keeps, read past whoever answers for it."""

from __future__ import annotations

from typing import Any


def is_kept(handler: Any, connection: Any) -> bool:
    """Whether a connection is a handler's own of the calling thread: by `_connections`, private, seen in Django 4.2 to
    6.1.
    """
    return getattr(handler._connections, connection.alias, None) is connection


def own_of(handler: Any, alias: str) -> Any:
    """The connection that a handler keeps of the calling thread or task; None if it has asked for none. By the same."""
    return getattr(handler._connections, alias, None)

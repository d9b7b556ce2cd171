"""Which methods of the drivers' cursors and connections use the wire, and how: all others are handed through.

A method that is named nowhere is taken for one that sends a statement, since a savepoint too many harms nobody. Seen:
psycopg 3.3, psycopg2 2.9, PyMySQL 1.2, mysqlclient 2.2, sqlite3 of Python 3.10 to 3.14.
"""

from __future__ import annotations

from typing import Any

LOCAL_TO_CURSORS = frozenset(
    {
        "cast", "literal", "mogrify", "results", "set_result", "setinputsizes", "setoutputsize", "setoutputsizes",
    }
)  # fmt: skip
"""They speak of what the client has already, or are never to wait."""

LOCAL_TO_CONNECTIONS = frozenset(
    {
        # psycopg; a statement under way is cancelled from another thread.
        "add_notice_handler", "add_notify_handler", "cancel", "cancel_safe", "fileno", "remove_notice_handler",
        "remove_notify_handler", "xid",
        # PyMySQL, mysqlclient
        "affected_rows", "character_set_name", "errno", "error", "escape", "escape_sequence", "escape_string",
        "field_count", "get_character_set_info", "get_host_info", "get_proto_info", "get_server_info", "info",
        "insert_id", "literal", "string_literal", "thread_id",
        # sqlite3
        "getconfig", "getlimit", "interrupt",
    }
)  # fmt: skip

FETCHING = frozenset({"nextset", "read_next", "scroll"})
"""Of cursors: they take what the last statement left; a cursor of the server's asks for it."""

BLOCKS = frozenset({"copy", "pipeline", "transaction"})
"""They return a context manager, and the wire is theirs until its end."""

GENERATORS = frozenset({"fetchall_unbuffered", "notifies", "stream"})
"""The wire is theirs from the first item to the last."""

WITH_SQL = frozenset({"copy", "execute", "executemany", "query", "stream"})
"""Their first argument is the statement."""


def statement_of(name: str, args: tuple[Any, ...], options: dict[str, Any]) -> object:
    """What a call sends, as far as its arguments tell; else the name of the method."""
    if name not in WITH_SQL:
        return name
    if args:
        return args[0]
    return next((options[key] for key in ("statement", "query", "sql") if key in options), name)


_PARAMS = ("params", "vars", "args", "parameters", "params_seq", "vars_list", "seq_of_parameters")


def params_of(args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What a statement's placeholders are given by a call; None for nothing."""
    if len(args) > 1:
        return args[1]
    return next((options[key] for key in _PARAMS if key in options), None)


def is_cursor(value: Any) -> bool:
    """Whether what a connection returned is a cursor of the driver's."""
    return hasattr(value, "fetchone") and hasattr(value, "description")


def asks_server(cursor: Any) -> bool:
    """Whether a cursor's fetches are statements of their own: those of psycopg's cursors with a name."""
    return getattr(cursor, "name", None) is not None


def can_be_stood_for(raw: Any) -> bool:
    """Whether Python code may take an object of another class for a connection of the driver's.

    psycopg2's `register_type`, `quote_ident` and `prepare` are written in C and take its own class alone.
    """
    return not type(raw).__module__.startswith("psycopg2")

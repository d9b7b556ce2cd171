"""Whether SQLite has deferred foreign keys that are violated, as a commit asks, without looking at a row of theirs.

SQLite counts them (https://www.sqlite.org/foreignkeys.html#fk_deferred) and does not tell. Before it removes a row
whose own key is deferred it asks that count: only if it is not zero may the row be one of those counted, and its parent
is looked up (`OP_FkIfZero`, in every release since 3.6.19). So a pair of temporary tables shows it: a row is replaced
whose parent is found by a collation of ours. What the count says is confirmed by the rows themselves, so that a release
that always looked would be slow, and right.
"""

from __future__ import annotations

import threading
from typing import Any

_MADE = "SELECT 1 FROM sqlite_temp_master WHERE name = 'async_orm_child'"
_COLLATION = "async_orm_parent"
_DEFERRED = "REFERENCES async_orm_parent DEFERRABLE INITIALLY DEFERRED"
# Without row ids, `last_insert_rowid()` stays the application's.
_TABLES = (
    f"CREATE TEMP TABLE async_orm_parent (name TEXT COLLATE {_COLLATION} PRIMARY KEY) WITHOUT ROWID",
    f"CREATE TEMP TABLE async_orm_child (id INTEGER PRIMARY KEY, parent TEXT {_DEFERRED}) WITHOUT ROWID",
    "INSERT INTO temp.async_orm_parent VALUES ('')",
    "INSERT INTO temp.async_orm_child VALUES (1, '')",
)
_REPLACE = "REPLACE INTO temp.async_orm_child VALUES (1, '')"
# Each look-up of a parent compares names once, in the thread that sends the statement.
_LOOKED_UP = threading.local()


def prepare(raw: Any) -> None:
    """Make the tables of a connection, if they are not there. Outside a transaction they stay until it closes; inside
    they cost SQLite a look at the whole schema when it is rolled back. Raises the driver's error.
    """
    if raw.execute(_MADE).fetchone() is None:
        raw.create_collation(_COLLATION, _compare)
        for statement in _TABLES:
            raw.execute(statement)


def _compare(one: str, other: str) -> int:
    _LOOKED_UP.times = getattr(_LOOKED_UP, "times", 0) + 1
    return (one > other) - (one < other)


def are_violated(raw: Any) -> bool:
    """Whether a commit would be refused; False where SQLite cannot be asked, as under `PRAGMA query_only`."""
    _LOOKED_UP.times = 0
    try:
        raw.execute(_REPLACE)
        # The new row's parent is looked up in any case.
        return _LOOKED_UP.times > 1 and raw.execute("PRAGMA foreign_key_check").fetchone() is not None
    except raw.Error:
        return False


def refusal(raw: Any) -> Exception:
    """What SQLite raises at such a commit."""
    error: Any = raw.IntegrityError("FOREIGN KEY constraint failed")
    # Since Python 3.11.
    error.sqlite_errorcode, error.sqlite_errorname = 787, "SQLITE_CONSTRAINT_FOREIGNKEY"
    return error  # type: ignore[no-any-return]

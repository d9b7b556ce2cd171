"""Settings of a session on each database, and what threads do with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection


@dataclass(frozen=True)
class Way:
    """A way to set something to a number, and to read it; a reading of `unset` is what nobody has set."""

    set_: str
    read: str
    unset: Any = None
    transactional: bool = False


WAYS = {
    "postgresql": {
        "custom": Way("SET app.tenant = '{}'", "SELECT current_setting('app.tenant', true)", "", True),
        "function": Way(
            "SELECT set_config('app.named', '{}', false)", "SELECT current_setting('app.named', true)", "", True
        ),
        "built in": Way("SET SESSION vacuum_cost_limit TO {}", "SHOW vacuum_cost_limit", "200", True),
        "block": Way("DO $$ BEGIN SET app.block = '{}'; END $$", "SELECT current_setting('app.block', true)", "", True),
    },
    "mysql": {
        "user variable": Way("SET @tenant = {}", "SELECT @tenant"),
        "selected into": Way("SELECT {} INTO @chosen", "SELECT @chosen"),
        "session": Way("SET SESSION max_statement_time = {}", "SELECT @@max_statement_time", 0),
        "at signs": Way("SET @@div_precision_increment = {}", "SELECT @@div_precision_increment", 4),
    },
    "sqlite": {
        "pragma": Way("PRAGMA cache_size = {}", "PRAGMA cache_size", -2000),
        "in brackets": Way("PRAGMA main.wal_autocheckpoint({})", "PRAGMA wal_autocheckpoint", 1000),
        "unreadable": Way("PRAGMA case_sensitive_like = {}", "SELECT 'a' NOT LIKE 'A'", 0),
    },
}


def run(sql: str, params: Any = None) -> Any:
    """The first value that a statement gives, on the calling thread's connection."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def put(way: Way, number: int) -> None:
    """Set it on the calling thread's connection."""
    run(way.set_.format(number))


def get(way: Way) -> int | None:
    """The number that was set; None if none was."""
    value = run(way.read)
    return None if value in (None, way.unset) or str(value) == str(way.unset) else int(value)


def unset(way: Way) -> None:
    """Give it the value that it has where nobody has set it."""
    run(way.set_.format("NULL" if way.unset is None else way.unset))


def only_on(vendor: str) -> None:
    """Skip the test on other databases."""
    if connection.vendor != vendor:
        pytest.skip(f"of {vendor} alone")


def transactional() -> None:
    """Skip the test where a roll-back leaves settings as they are."""
    only_on("postgresql")


def first_way() -> Way:
    """Any way of the database."""
    return next(iter(WAYS[connection.vendor].values()))

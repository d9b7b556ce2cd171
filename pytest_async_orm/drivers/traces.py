"""What a statement may leave in its session, or do to what is there: None for nearly every statement, at no cost.

The text is looked at twice: for a word that makes it worth reading, and then, read by pieces, for what it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pytest_async_orm.drivers.kept_things import LockCall, Thing, locks_in, made_by, used_by
from pytest_async_orm.drivers.pieces import Pieces, name_in, statements_in, word
from pytest_async_orm.drivers.set_statements import (
    ByCall,
    Setting,
    resets_all,
    set_in_mysql,
    set_in_postgresql,
    set_in_sqlite,
    without_level_in_mysql,
    without_level_in_postgresql,
)


@dataclass(frozen=True)
class Trace:
    """What the text of a statement says about its session."""

    set_: tuple[Setting | ByCall, ...] = ()
    resets_all: bool = False
    savepoint: tuple[str, str] | None = None
    """SAVEPOINT, RELEASE or ROLLBACK, and the name."""
    makes: tuple[tuple[Thing, bool], ...] = ()
    """Each with whether it ends with the transaction."""
    names: tuple[Thing, ...] = ()
    frees: tuple[Thing, ...] = ()
    locks: tuple[LockCall, ...] = ()
    begins_with: str = ""
    """What stands, at a transaction's beginning, for a statement that would choose its level of isolation: the test's
    has begun, and where transactions come one at a time any level does the same.
    """
    only_sets: bool = False
    """Whether it reads nothing, so that a level of isolation may still be chosen after it."""

    def settings(self, params: Any) -> list[Setting]:
        """What it may set, executed with some parameters: for `executemany` a list of them."""
        found = [
            setting.setting(one) if isinstance(setting, ByCall) else setting
            for one in _each(params)
            for setting in self.set_
        ]
        return [setting for setting in dict.fromkeys(found) if setting is not None]

    def used(self, params: Any) -> list[Thing]:
        """What it names of that which cannot be kept apart; tables and schemas are told by their names alone."""
        return [*self.names, *(lock.thing(params) for lock in self.locks)]

    def freed(self, params: Any) -> list[Thing]:
        """What it lets go."""
        return [*self.frees, *(lock.thing(params) for lock in self.locks if lock.frees)]

    def taken(self, params: Any) -> list[tuple[Thing, bool]]:
        """The locks that the session has after it, each with whether it ends with the transaction."""
        return [(lock.thing(params), lock.ends_with_transaction) for lock in self.locks if lock.takes]


def _each(params: Any) -> list[Any]:
    several = isinstance(params, list) and params and isinstance(params[0], (list, tuple, dict))
    return params if several else [params]


_SKIP = r"\s*(?:(?:/\*.*?\*/|--[^\n]*\n|#[^\n]*\n)\s*)*"
_COMMON = "SET|CREATE|PREPARE|EXECUTE|DEALLOCATE"
_FIRST = {
    "postgresql": f"{_COMMON}|RESET|DO|CALL|DISCARD|DECLARE|FETCH|MOVE|CLOSE|SAVEPOINT|RELEASE|ROLLBACK",
    "mysql": f"{_COMMON}|DROP\\s+PREPARE",
    "sqlite": "PRAGMA|CREATE|ATTACH|DETACH",
}
_INSIDE = {
    "postgresql": ("set_config", "advisory_", "into temp"),
    "mysql": ("@", "_lock"),
    "sqlite": (),
}
_SET: dict[str, Callable[[Pieces], Iterable[Setting | ByCall]]] = {
    "postgresql": set_in_postgresql,
    "mysql": set_in_mysql,
    "sqlite": set_in_sqlite,
}
_WITHOUT_LEVEL: dict[str, Callable[[Pieces], str]] = {
    "postgresql": without_level_in_postgresql,
    "mysql": without_level_in_mysql,
    "sqlite": lambda pieces: "",  # noqa: ARG005 - nothing is chosen there
}


def tracer(vendor: str) -> Callable[[str], Trace | None]:
    """What tells of a statement's text what it leaves behind on a database of some vendor."""
    worth_reading = re.compile(rf"(?:\A|;){_SKIP}(?:{_FIRST[vendor]})\b", re.IGNORECASE | re.DOTALL)
    first_alone = re.compile(rf"{_SKIP}(?:{_FIRST[vendor]})\b", re.IGNORECASE | re.DOTALL)
    inside = _INSIDE[vendor]

    @lru_cache(maxsize=2048)
    def trace(sql: str) -> Trace | None:
        found = worth_reading.search(sql) if ";" in sql else first_alone.match(sql)
        if found is None:
            lowered = sql.lower() if inside else ""
            if not any(words in lowered for words in inside):
                return None
        return _read(statements_in(sql), vendor)

    return trace


def _read(statements: list[Pieces], vendor: str) -> Trace | None:
    made = tuple(made for made in map(made_by, statements) if made is not None)
    alone = statements[0] if len(statements) == 1 else ()
    trace = Trace(
        tuple(setting for pieces in statements for setting in _SET[vendor](pieces)),
        vendor == "postgresql" and any(map(resets_all, statements)),
        _savepoint(alone) if vendor == "postgresql" else None,
        made,
        tuple(thing for pieces in statements for thing in used_by(pieces)),
        tuple(thing for pieces in statements if word(pieces, 0) in _FREEING for thing in used_by(pieces)),
        tuple(lock for pieces in statements for lock in locks_in(pieces)),
        _WITHOUT_LEVEL[vendor](alone),
        word(alone, 0) == "SET",
    )
    return trace if trace != Trace() else None


_FREEING = {"DEALLOCATE", "DROP", "CLOSE", "DETACH"}


def _savepoint(pieces: Pieces) -> tuple[str, str] | None:
    first = word(pieces, 0)
    if first not in {"SAVEPOINT", "RELEASE", "ROLLBACK"} or len(pieces) < 2:
        return None
    return first, name_in(pieces[-1])


TRACERS = {vendor: tracer(vendor) for vendor in _SET}

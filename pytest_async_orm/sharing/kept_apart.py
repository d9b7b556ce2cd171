"""What a session has by name, and one connection alone may see: others are refused, since it cannot be hidden."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from pytest_async_orm.drivers.dialect import Dialect
from pytest_async_orm.drivers.kept_things import (
    ALL,
    ROUTINES,
    TEMPORARY,
    TYPES,
    Thing,
    named_in_schema,
    schemas_named,
    tables_named,
    types_named,
)
from pytest_async_orm.drivers.pieces import Pieces, statements_in
from pytest_async_orm.drivers.session_things import things_of
from pytest_async_orm.drivers.traces import Trace


@dataclass
class Owned:
    """Whose a thing is, how often it was taken, and whether it ends with the transaction."""

    owner: Any
    count: int
    ends_with_transaction: bool


class Things:
    """The things of one session, each with its owner."""

    def __init__(self, vendor: str, dialect: Dialect) -> None:
        self._known = things_of(vendor, dialect)
        self._owned: dict[Thing, Owned] = {}
        self._to_drop: list[Thing] = []

    def __bool__(self) -> bool:
        return bool(self._owned)

    def go_on(self, earlier: Things, before: Any, owner: Any) -> None:
        """Take over the things of an owner, for another."""
        self._owned |= {thing: replace(owned, owner=owner) for thing, owned in earlier._all() if owned.owner is before}

    def learn(self, owner: Any, trace: Trace, params: Any) -> bool:
        """Note what a statement has made, or let go; whether there is anything to note."""
        self._let_go(owner, trace.freed(params))
        for thing, ends in trace.makes:
            self._owned[thing] = Owned(owner, 1, ends)
        for thing, ends in trace.taken(params):
            # In autocommit the statement is the transaction.
            if not ends or owner.keeps_local:
                self._owned.setdefault(thing, Owned(owner, 0, ends)).count += 1
        return bool(self._owned)

    def _let_go(self, owner: Any, freed: list[Thing]) -> None:
        for thing, owned in self._all():
            if owned.owner is owner and _is_among(thing, freed):
                owned.count -= 1
                if owned.count == 0 or thing not in freed:
                    del self._owned[thing]

    def foreign(self, user: Any, text: str, trace: Trace | None, params: Any) -> tuple[Thing, Any] | None:
        """Another's thing that a statement would see, and its owner; None if there is none."""
        others = {thing: owned.owner for thing, owned in self._all() if owned.owner is not user}
        for thing in _seen(others, text, trace.used(params) if trace is not None else []):
            if self._known.exists(thing):
                return thing, others[thing]
            self._owned.pop(thing, None)
        return None

    def end_transaction(self, owner: Any) -> None:
        """Let go what ends with a transaction; with the next statement. A lock of this kind goes by itself, later."""
        ended = [thing for thing, owned in self._all() if owned.owner is owner and owned.ends_with_transaction]
        self._drop(thing for thing in ended if thing.kind != "lock")
        for thing in ended:
            self._owned.pop(thing, None)

    def end_session(self, owner: Any) -> None:
        """Let go what one connection has, as the server does at a close; with the next statement."""
        self._drop(thing for thing, owned in self._all() if owned.owner is owner)

    def _all(self) -> list[tuple[Thing, Owned]]:
        # A connection may be closed while another thread has the turn.
        return list(self._owned.items())

    def _drop(self, things: Iterable[Thing]) -> None:
        for thing in list(things):
            self._to_drop.append(thing)
            self._owned.pop(thing, None)

    def drop_waiting(self) -> bool:
        """Let go what is to go; whether there was anything. What others have of a kind that goes as a whole stays."""
        waiting = bool(self._to_drop)
        while self._to_drop:
            thing = self._to_drop.pop()
            if thing.kind != "lock" or not any(other.kind == "lock" for other in self._owned):
                self._known.drop(thing)
        return waiting

    def drop_all_but(self, user: Any) -> None:
        """Let everything go that is not a user's: none of it may reach the next test."""
        self._drop(thing for thing, owned in self._all() if user is None or owned.owner is not user)
        self.drop_waiting()


def _is_among(thing: Thing, named: Iterable[Thing]) -> bool:
    return any(thing == one or (thing.kind, ALL) == (one.kind, one.name) for one in named)


def _seen(things: Iterable[Thing], text: str, used: list[Thing]) -> list[Thing]:
    """Those that a statement names."""
    lowered = text.lower()
    by_name = [t for t in things if t.kind in _NAMED and t.name.lower() in lowered]
    read = statements_in(text) if by_name else []
    return [thing for thing in things if _is_among(thing, used)] + [
        thing for thing in by_name if any(_NAMED[thing.kind](pieces, {thing.name}) for pieces in read)
    ]


_NAMED: dict[str, Callable[[Pieces, Collection[str]], set[str]]] = {
    **dict.fromkeys(TEMPORARY, tables_named),
    **dict.fromkeys(ROUTINES, named_in_schema),
    **dict.fromkeys(TYPES, types_named),
    "database": schemas_named,
}

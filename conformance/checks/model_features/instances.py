"""Instances: what they are made of, what saving one does to its row, and what the database says to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.checks.model_features.kinds import KINDS, Kind, Row
from conformance.checks.model_features.query import find, is_instance, one
from conformance.checks.model_features.store import DEFAULT, Store
from conformance.checks.model_features.values import of_row, shown_row
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.checks.reference.writes import UNKNOWN
from conformance.strategies.code import Call, Chain, Infix, Pairs


@dataclass
class Instance:
    """What an instance has for each field that is loaded; `adding` until it is stored."""

    kind: Kind
    values: Row
    adding: bool = True
    # Whether it knows its database: it is stored there, or refers to what is.
    placed: bool = False

    @property
    def key(self) -> tuple[Any, ...] | None:
        """The values of the key; None where one is missing."""
        found = tuple(self.values[name] for name in self.kind.key)
        return None if None in found else found

    @property
    def expressions(self) -> set[str]:
        """Fields that were given an expression."""
        return {name for name, value in self.values.items() if is_expression(value)}

    def shown(self) -> Any:
        """As the observer sees it; `UNKNOWN` where it holds what is no value."""
        if self.expressions or any(value is DEFAULT for value in self.values.values()):
            return UNKNOWN
        using = "default" if self.placed or not self.adding else None
        return {**shown_row(self.kind, self.values), "adding": self.adding, "using": using}


def is_expression(value: Any) -> bool:
    """Whether the database must compute it."""
    return isinstance(value, (Call, Infix))


def made(store: Store, kind: Kind, values: Pairs) -> Instance:
    """A new instance. Raises `Raises` (TypeError) for a name that is no field."""
    computed = {each.name for each in kind.computed}
    empty = {**dict.fromkeys(dict(kind.stored), DEFAULT), **dict(kind.empty)}
    row = {name: empty.get(name) for name in kind.fields if name not in computed}
    instance = Instance(kind, row)
    for name, value in values:
        assign(store, instance, name, value)
    return instance


def assign(store: Store, instance: Instance, name: str, value: Any) -> None:
    """Set an attribute: a field, a column, a key of several columns, or what a row refers to."""
    kind, row = instance.kind, instance.values
    if name == "pk" and len(kind.key) > 1:
        row.update(zip(kind.key, value if value is not None else [None] * len(kind.key), strict=True))
        return
    reference = kind.reference(name)
    if reference is not None and (value is None or is_instance(value)):
        other = referred(store, value) if value is not None else None
        instance.placed = instance.placed or isinstance(value, Chain)
        there = [None if other is None else other[each] for each in reference.there]
        row.update(zip(reference.here, there, strict=True))
        return
    found = kind.field(name)
    if found is None:
        raise Raises("TypeError")
    if found not in {each.name for each in kind.computed}:
        row[found] = value


def referred(store: Store, value: Any) -> Row:
    """The row, or the values, of an instance that is given. Raises `Raises` (ValueError) for one without a key."""
    if isinstance(value, Chain):
        return one(store, value)
    found = made(store, KINDS[value.function], value.kwargs)
    if found.key is None:
        raise Unmodelled("an instance without a key")
    return found.values


def fetched(store: Store, target: Chain) -> Instance:
    """An instance that was fetched."""
    row = one(store, target)
    only = find(store, Chain(target.start, target.steps[:-1])).only
    kind = KINDS[target.start.name.partition(".")[0]]
    return Instance(kind, {name: row[name] for name in kind.fields if only is None or name in only}, adding=False)


def save(
    store: Store,
    instance: Instance,
    *,
    force_insert: bool = False,
    force_update: bool = False,
    update_fields: Any = None,
) -> None:
    """Update the row of that key, or insert it."""
    if force_insert and (force_update or update_fields):
        raise Raises("ValueError")
    kind = instance.kind
    names = None if update_fields is None else _named(kind, update_fields)
    if names is not None and not names:
        return
    loaded = set(instance.values)
    if names is None and not force_insert and not instance.adding and loaded < set(kind.fields):
        names = {name for name in loaded if name not in kind.key}
    forced = force_update or names is not None
    for name in set(names or ()) - loaded - {each.name for each in kind.computed}:
        # It is fetched to be saved.
        instance.values[name] = (store.find(kind, instance.key or ()) or {})[name]
    if instance.key is None and forced:
        raise Raises("ValueError")
    if instance.key is None or force_insert or not _update(store, instance, names):
        if forced:
            raise Raises("NotUpdated" if store.version >= (6, 0) else "DatabaseError")
        _insert(store, instance)
    instance.adding = False


def _named(kind: Kind, names: Any) -> set[str]:
    found = {kind.field(name) if name != "pk" else None for name in names}
    if None in found or found & set(kind.key):
        raise Raises("ValueError")
    return {name for name in found if name is not None}


def _update(store: Store, instance: Instance, names: set[str] | None) -> bool:
    kind = instance.kind
    computed = {each.name: each for each in kind.computed}
    row = store.find(kind, instance.key or ())
    chosen = [
        name for name in instance.values if name not in {*kind.key, *computed} and (names is None or name in names)
    ]
    if row is None:
        return names is not None and not chosen
    if not chosen:
        return True
    values = {name: of_row(store, kind, row, instance.values[name]) for name in chosen}
    told = {name for name, each in computed.items() if set(each.of) & set(chosen)}
    told |= {name for name in chosen if name in instance.expressions or instance.values[name] is DEFAULT}
    store.change(kind, row, values)
    if store.version >= (6, 0):
        hear(store, instance, row, told)
    return True


def hear(store: Store, instance: Instance, row: Row, names: set[str]) -> None:
    """What the database has computed, where it says so; otherwise the instance has it no longer."""
    for name in names:
        if store.returning:
            instance.values[name] = row[name]
        else:
            instance.values.pop(name, None)


def _insert(store: Store, instance: Instance) -> None:
    kind = instance.kind
    values = {name: _of_nothing(store, kind, value) for name, value in instance.values.items()}
    row = store.insert(kind, {**dict.fromkeys(kind.fields), **values})
    kept = instance.expressions if store.version < (6, 0) else set()
    told = {name for name in kind.fields if name in kind.returned or name in instance.values}
    instance.values = {
        name: instance.values[name] if name in kept else row[name] for name in kind.fields if name in told
    }


def _of_nothing(store: Store, kind: Kind, value: Any) -> Any:
    """The value of an expression in a new row. Raises `Raises` (ValueError) for one that asks for a column of it."""
    try:
        return of_row(store, kind, {}, value)
    except KeyError as error:
        raise Raises("ValueError") from error


def insert(store: Store, instance: Instance) -> Instance:
    """The instance, stored as a new row."""
    _insert(store, instance)
    instance.adding = False
    return instance

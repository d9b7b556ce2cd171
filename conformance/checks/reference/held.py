"""Instances as the caller holds them: their values, and which related objects are fetched already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from conformance.checks.reference import shaping
from conformance.checks.reference.expressions import instance_key
from conformance.checks.reference.joins import World
from conformance.checks.reference.outcomes import Unmodelled
from conformance.checks.reference.records import made
from conformance.checks.reference.schema import MODELS, Model, Row
from conformance.checks.reference.steps import owner_of
from conformance.strategies.code import Call, Chain, Infix, Pairs, Step

_TABLES = {"PublishedPost": "Post"}


@dataclass
class Instance:
    """The values of the fields that are loaded; which related objects, one or many, are fetched already."""

    model: str
    values: Row
    adding: bool = False
    fetched: set[str] = field(default_factory=set)
    prefetched: set[str] = field(default_factory=set)
    # Whether a related object is set that has no row.
    unsaved: bool = False

    @property
    def meta(self) -> Model:
        """The model's own data."""
        return MODELS[self.model]

    @property
    def table(self) -> str:
        """The table of its rows. Raises `Unmodelled` where they stand in two."""
        if self.model not in ("Post", "PublishedPost"):
            raise Unmodelled("a model that is not saved here")
        return _TABLES.get(self.model, self.model)

    @property
    def key(self) -> Any:
        """The key; None where it has none."""
        return self.values[self.meta.fields[0]]

    def shown(self) -> list[Any]:
        """As the observer sees it. Raises `Unmodelled` where it still holds an expression."""
        if any(isinstance(value, (Call, Infix)) for value in self.values.values()):
            raise Unmodelled("an instance that keeps an expression")
        row = {name: self.values[name] for name in self.meta.fields if name in self.values}
        seen = {**shaping.saved(self.meta, row), "adding": self.adding, "using": None if self.adding else "default"}
        return [seen, sorted(self.fetched), sorted(self.prefetched)]


def instance_of(world: World, target: Any, changes: Pairs) -> Instance:
    """The instance that an expression stands for, with the attributes that it is given before the call."""
    target = _bare(target)
    found = _made(target) if isinstance(target, Call) else _fetched(world, target)
    for name, value in changes:
        _assign(found, name, value)
    return found


def _bare(target: Any) -> Any:
    """A call without steps after it is the call."""
    return target.start if isinstance(target, Chain) and not target.steps else target


def _made(target: Call) -> Instance:
    if target.function not in ("Post", "PublishedPost"):
        raise Unmodelled("a new instance of another model")
    if {"author", "author_id"} <= {name for name, _ in target.kwargs}:
        raise Unmodelled("a field that is given twice")
    plain = tuple((name, value) for name, value in target.kwargs if not isinstance(value, (Call, Infix, Chain)))
    found = Instance(target.function, made(target.function, plain), adding=True)
    for name, value in target.kwargs:
        if (name, value) not in plain:
            _assign(found, name, value)
    return found


def _fetched(world: World, target: Any) -> Instance:
    if not isinstance(target, Chain):
        raise Unmodelled("no instance")
    model, key = owner_of(target)
    rows = world.tables[model]
    found = Instance(model, dict(next(row for row in rows if row[MODELS[model].fields[0]] == key)))
    for step in target.steps[:-1]:
        if not isinstance(step, Step) or any("__" in name for name in step.args):
            raise Unmodelled("a step before an instance")
        if step.method == "select_related":
            found.fetched |= set(step.args)
        elif step.method == "prefetch_related":
            found.prefetched |= set(step.args)
        elif step.method == "only":
            found.values = {name: value for name, value in found.values.items() if name in ("id", *step.args)}
        else:
            raise Unmodelled(f"the step {step.method}")
    return found


def _assign(found: Instance, name: str, value: Any) -> None:
    relation = found.meta.relation(name)
    if relation is None:
        column = found.meta.field(name)
        if column is None:
            raise Unmodelled("an attribute that is no field")
        if column in found.meta.keys and found.values.get(column) != value:
            found.fetched.discard(column)
        found.values[column] = value
        return
    found.fetched.add(name)
    found.unsaved = isinstance(value, Call)
    found.values[name] = None if value is None or found.unsaved else instance_key(value)


def is_instance(target: Any) -> bool:
    """Whether an expression stands for an instance, and for no queryset nor manager."""
    target = _bare(target)
    if isinstance(target, Call):
        return target.function in MODELS
    return isinstance(target, Chain) and bool(target.steps) and getattr(target.steps[-1], "method", "") == "get"

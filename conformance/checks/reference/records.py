"""New rows: what an instance is made of, and what the database says to it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from conformance.checks.reference import shaping
from conformance.checks.reference.expressions import instance_key
from conformance.checks.reference.joins import World
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.checks.reference.schema import CLOCK, MODELS, Row
from conformance.strategies.code import Attribute, Call, Chain, Infix, Name
from conformance.strategies.rows import LAST_KEY
from conformance.strategies.values import LAST_GENERATED_YEAR

# After every generated moment, as the clock is.
_NOW = datetime(LAST_GENERATED_YEAR + 1, 1, 1, tzinfo=timezone.utc)
_INTEGERS = {"views", "count"}
_UNIQUE = {"Tag": ("id", "name"), "Profile": ("id", "user")}
Values = tuple[tuple[str, Any], ...]


def plain_value(value: Any) -> Any:
    """A value as the caller gives it: called, where it may be, and the key of an instance."""
    if isinstance(value, Chain) and value.steps and isinstance(value.steps[-1], Attribute):
        if isinstance(value.start, Call) and value.start.function == "count":
            return value.start.args[0]
        raise Unmodelled("a callable")
    if isinstance(value, Name) and value.name == "str":
        return ""
    if isinstance(value, Chain):
        return instance_key(value)
    if isinstance(value, Name):
        raise Raises("ValueError")
    if isinstance(value, (Call, Infix)):
        raise Unmodelled("an expression")
    return value


def made(model: str, values: Values) -> Row:
    """The fields of a new instance. Raises `Raises` (TypeError) for a name that is no field."""
    meta = MODELS[model]
    if not meta.defaults:
        raise Unmodelled("a model without defaults")
    row: Row = {meta.fields[0]: None, **dict(meta.defaults)}
    if {"author", "author_id"} <= {name for name, _ in values}:
        raise Unmodelled("a field that is given twice")
    for name, value in values:
        field = meta.field(name)
        if field is None:
            raise Raises("TypeError")
        row[field] = plain_value(value)
    return {name: _NOW if value is CLOCK else value for name, value in row.items()}


def check(world: World, model: str, row: Row) -> None:
    """Raises `Raises` for values that a column refuses."""
    meta = MODELS[model]
    if any(isinstance(value, str) and name in _INTEGERS for name, value in row.items()):
        raise Raises("ValueError")
    if any(isinstance(value, int) and value < 0 and name == "count" for name, value in row.items()):
        raise Raises(world.dialect.below_zero)
    if any(value is None and name not in meta.nullable and name != meta.fields[0] for name, value in row.items()):
        raise Raises("IntegrityError")


def taken(world: World, model: str, row: Row) -> Row | None:
    """The row that has a unique value of this one."""
    names = _UNIQUE.get(model, ("id",))
    together = [("content_type", "object_id", "emoji")] if model == "Reaction" else []
    for each in world.tables[model]:
        if any(each[name] == row[name] for name in names):
            return each
        if any(all(each[name] == row[name] for name in group) for group in together):
            return each
    return None


def insert(world: World, model: str, row: Row) -> Row:
    """The row in its table, with a new key if it has none. Raises `Raises` (IntegrityError) if it may not be there."""
    check(world, model, row)
    if taken(world, model, row) is not None:
        raise Raises("IntegrityError")
    key = row["id"] or LAST_KEY + 1 + len(world.tables[model])
    world.tables[model].append({**row, "id": key})
    return world.tables[model][-1]


def seen(model: str, row: Row) -> Any:
    """The row as a saved instance."""
    return shaping.saved(MODELS[model], row)

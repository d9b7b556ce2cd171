"""What others write while a call is on its way, which `strategies.meanwhile` puts among the values of the call."""

from __future__ import annotations

from typing import Any

from conformance.checks.reference.joins import World
from conformance.checks.reference.records import Values, plain_value
from conformance.strategies.code import Attribute, Call
from conformance.strategies.rows import FIRST_KEY


def called(world: World, table: str, values: dict[str, Any]) -> dict[str, Any]:
    """The values, with what the callables give that write to the first row; it is written to."""
    found = dict(values)
    for name, value in values.items():
        if _ends_in(value, "update"):
            found[name] = _changed(world, table, value.kwargs)
    return found


def raced(values: dict[str, Any]) -> Values | None:
    """The values of the row that another connection creates; None where none does."""
    return next((value.kwargs for value in values.values() if _ends_in(value, "create")), None)


def _ends_in(value: Any, method: str) -> bool:
    return isinstance(value, Call) and value.function == "partial" and value.args[0].steps[-1] == Attribute(method)


def _changed(world: World, table: str, values: Values) -> int:
    changes = {name: plain_value(value) for name, value in values}
    mine = [row for row in world.tables[table] if row["id"] == FIRST_KEY]
    for row in mine:
        row.update(changes)
    return len(mine)

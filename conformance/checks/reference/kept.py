"""What one queryset gives, call by call, where it keeps what it has read until it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.checks.reference.answers import world_of
from conformance.checks.reference.joins import World
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.checks.reference.reads import READS
from conformance.checks.reference.steps import query_of
from conformance.checks.reference.writes import WRITES
from conformance.strategies.code import Arguments, Chain

if TYPE_CHECKING:
    from conformance.strategies.rows import Rows

Called = tuple[str, Arguments]


def outcomes(vendor: str, rows: Rows, target: Chain, calls: tuple[Called, ...]) -> list[Any] | None:
    """What each call gives or raises; None where the model does not know."""
    world, cached = world_of(vendor, rows), False
    found = []
    try:
        for name, given in calls:
            outcome = _outcome(world, target, name, given, cached=cached)
            found.append(outcome)
            if not (isinstance(outcome, dict) and set(outcome) == {"raises"}):
                cached = name == "__iter__" or (cached and name not in WRITES)
    except Unmodelled:
        return None
    return found


def _outcome(world: World, target: Chain, name: str, given: Arguments, *, cached: bool) -> Any:
    try:
        query = query_of(world, target)
        if name == "contains" and cached:
            # It is looked for among the rows that are there, also in a part of them.
            (wanted,) = given.args
            key = dict(wanted.kwargs)["pk"]
            return any(row["id"] == key for row in READS["__iter__"](world, query, Arguments()))
        return WRITES[name](world, query, given) if name in WRITES else READS[name](world, query, given)
    except Raises as raised:
        return {"raises": raised.name}

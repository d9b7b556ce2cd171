"""What the manager of a generic relation leaves: rows that are taken from their owner are deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.checks.reference.ends import Ends, is_unsaved
from conformance.checks.reference.joins import World
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.checks.reference.queries import rows_of
from conformance.checks.reference.records import insert, made
from conformance.checks.reference.steps import query_of
from conformance.strategies.code import Arguments, Attribute, Call, Chain


def _is_own(each: Any) -> bool:
    """Whether it is a queryset over the rows of some owner."""
    return isinstance(each, Chain) and any(isinstance(step, Attribute) for step in each.steps)


def add(world: World, ends: Ends, given: Arguments) -> None:
    """The given rows as well: new ones are saved, unless they are to be updated all at once."""
    options = dict(given.kwargs)
    for each in given.args:
        if _is_own(each):
            raise Raises("AttributeError")
        if not is_unsaved(each, ends):
            raise Raises("TypeError")
    if given.args and options.get("bulk", True):
        raise Raises("ValueError")
    for each in given.args:
        insert(world, ends.relation.model, made(ends.relation.model, (*each.kwargs, *ends.forced)))


def remove(world: World, ends: Ends, given: Arguments) -> None:
    """Not the given rows any longer, as far as they are the owner's."""
    if any(not isinstance(each, Call) or each.function != ends.relation.model for each in given.args):
        raise Unmodelled("an instance of another model, of which the key alone counts")
    keys = {dict(each.kwargs).get("pk") for each in given.args}
    _keep(world, ends, lambda row: row["id"] not in keys)


def clear(world: World, ends: Ends, given: Arguments) -> None:
    """No rows."""
    if given.args:
        raise Raises("TypeError")
    _keep(world, ends, lambda _: False)


def replace_all(world: World, ends: Ends, given: Arguments) -> None:
    """The given rows and no others: with `clear` all are deleted first, and what was given has no row any longer."""
    options, (objects,) = dict(given.kwargs), given.args
    if not isinstance(objects, Chain):
        if objects and not options.get("clear"):
            # Each is looked for among those that are there, and what has no key cannot be.
            raise Raises("TypeError")
        # Each is new, and is looked at before anything is left: what it raises, nothing outlives.
        _keep(world, ends, lambda _: False)
        add(world, ends, Arguments(tuple(objects), tuple(pair for pair in given.kwargs if pair[0] == "bulk")))
        return
    chosen = {row["id"] for row in rows_of(world, query_of(world, objects), whole=True)}
    _keep(world, ends, lambda row: row["id"] in chosen and not options.get("clear"))
    for row in world.tables["Reaction"]:
        if row["id"] in chosen:
            row["object_id"] = ends.owner


def _keep(world: World, ends: Ends, kept: Callable[[Any], bool]) -> None:
    rows = world.tables["Reaction"]
    world.tables["Reaction"] = [row for row in rows if row["object_id"] != ends.owner or kept(row)]


GENERIC: dict[str, Callable[[World, Ends, Arguments], Any]] = {
    "add": add,
    "remove": remove,
    "clear": clear,
    "set": replace_all,
}

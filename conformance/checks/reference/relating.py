"""What the managers of related objects give, and which rows they leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.checks.reference.ends import Ends, is_unsaved
from conformance.checks.reference.expressions import instance_key
from conformance.checks.reference.generic import GENERIC
from conformance.checks.reference.joins import World
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.checks.reference.queries import rows_of
from conformance.checks.reference.records import insert, made
from conformance.checks.reference.steps import owner_of, query_of, related
from conformance.checks.reference.writes import create, get_or_create, update_or_create
from conformance.strategies.code import Arguments, Call, Chain, Name
from conformance.strategies.rows import LAST_KEY


def _keys(world: World, ends: Ends, given: tuple[Any, ...], *, keys: bool = True) -> list[Any]:
    """The keys of the other ends. Raises `Raises` for what is none, and for unsaved instances."""
    found = []
    for each in given:
        if isinstance(each, Chain) and isinstance(each.start, Name):
            if each.start.name != f"{ends.relation.model}.objects":
                raise Raises("TypeError")
            found.append(instance_key(each))
        elif isinstance(each, Call):
            raise Raises("ValueError" if each.function == ends.relation.model else "TypeError")
        elif isinstance(each, (int, str)) and keys:
            found.append(_number(each))
        else:
            raise Unmodelled("another end")
    missing = set(found) - {row["id"] for row in world.tables[ends.relation.model]}
    if missing:
        raise Unmodelled("an end that is not there")
    return found


def _number(given: int | str) -> int:
    """A key, also as a text. Raises `Raises` (ValueError) for a text that is none."""
    if isinstance(given, str) and not given.isdecimal():
        raise Raises("ValueError")
    return int(given)


def _listed(world: World, ends: Ends, given: Arguments, *, keys: bool) -> list[Any]:
    (objects,) = given.args
    if objects is None or isinstance(objects, int):
        raise Raises("TypeError")
    if isinstance(objects, Chain):
        return [row["id"] for row in rows_of(world, query_of(world, objects), whole=True)]
    return _keys(world, ends, tuple(objects), keys=keys)


def _link(world: World, ends: Ends, keys: list[Any], *, kept: Callable[[Any], bool]) -> None:
    """Leave the links of the owner that are kept, and make those that are missing."""
    assert ends.relation.through is not None
    table, here, there = ends.relation.through
    links = [row for row in world.tables[table] if row[here] != ends.owner or kept(row[there])]
    known = {row[there] for row in links if row[here] == ends.owner}
    missing = [key for key in dict.fromkeys(keys) if key not in known]
    new = [{"id": LAST_KEY + 1 + len(links) + at, here: ends.owner, there: key} for at, key in enumerate(missing)]
    world.tables[table] = links + new


def _own(world: World, ends: Ends, keys: list[Any], *, owner: Any) -> None:
    for row in world.tables[ends.relation.model]:
        if row["id"] in keys:
            row[ends.relation.column] = owner


def add(world: World, ends: Ends, given: Arguments) -> None:
    """The given ends as well."""
    options = dict(given.kwargs)
    if options.get("through_defaults"):
        raise Unmodelled("values of a link")
    if ends.relation.through is not None:
        _link(world, ends, _keys(world, ends, given.args), kept=lambda _: True)
        return
    # With `bulk=False` each is saved: also one that was not before.
    new = [each for each in given.args if options.get("bulk") is False and is_unsaved(each, ends)]
    keys = _keys(world, ends, tuple(each for each in given.args if each not in new), keys=False)
    _own(world, ends, keys, owner=ends.owner)
    for each in new:
        insert(world, ends.relation.model, made(ends.relation.model, (*each.kwargs, *ends.forced)))


def remove(world: World, ends: Ends, given: Arguments) -> None:
    """Not the given ends any longer."""
    if ends.relation.through is None and any(is_unsaved(each, ends) for each in given.args):
        raise Raises("DoesNotExist")
    if any(isinstance(each, Chain) and owner_of(each)[0] != ends.relation.model for each in given.args):
        raise Unmodelled("an instance of another model")
    if ends.relation.through is not None:
        # No link leads to what is not saved: there is nothing to remove.
        keys = _keys(world, ends, tuple(each for each in given.args if not is_unsaved(each, ends)))
        _link(world, ends, [], kept=lambda key: key not in keys)
        return
    keys = _keys(world, ends, given.args, keys=False)
    owned = {row["id"] for row in world.tables[ends.relation.model] if row[ends.relation.column] == ends.owner}
    if set(keys) - owned:
        raise Raises("DoesNotExist")
    _own(world, ends, keys, owner=None)


def replace_all(world: World, ends: Ends, given: Arguments) -> None:
    """The given ends and no others; with `clear`, also links that were there are made anew."""
    options = dict(given.kwargs)
    if options.get("through_defaults"):
        raise Unmodelled("values of a link")
    keys = _listed(world, ends, given, keys=ends.relation.through is not None)
    if ends.relation.through is not None:
        _link(world, ends, keys, kept=lambda key: key in keys and not options.get("clear"))
        return
    owned = [row["id"] for row in world.tables[ends.relation.model] if row[ends.relation.column] == ends.owner]
    _own(world, ends, owned, owner=None)
    _own(world, ends, keys, owner=ends.owner)


def clear(world: World, ends: Ends, given: Arguments) -> None:
    """No ends."""
    if given.args:
        raise Raises("TypeError")
    if ends.relation.through is not None:
        _link(world, ends, [], kept=lambda _: False)
        return
    owned = [row["id"] for row in world.tables[ends.relation.model] if row[ends.relation.column] == ends.owner]
    _own(world, ends, owned, owner=None)


_CREATING: dict[str, Callable[..., Any]] = {
    "create": create,
    "get_or_create": get_or_create,
    "update_or_create": update_or_create,
}


def _creating(call: str) -> Callable[[World, Ends, Arguments], Any]:
    def operation(world: World, ends: Ends, given: Arguments) -> Any:
        if given.args:
            raise Raises("TypeError")
        options = dict(given.kwargs)
        if options.pop("through_defaults", None):
            raise Unmodelled("values of a link")
        before = {row["id"] for row in world.tables[ends.relation.model]}
        query = related(world, ends.expression, ends.name)
        found = _CREATING[call](world, query, Arguments(kwargs=tuple(options.items())), ends.forced)
        new = [row["id"] for row in world.tables[ends.relation.model] if row["id"] not in before]
        if ends.relation.through is not None:
            _link(world, ends, new, kept=lambda _: True)
        return found

    return operation


def columns_set(ends: Ends, call: str, given: Arguments) -> frozenset[str] | None:
    """The foreign key alone, where ends are only taken away: what others write to them meanwhile stays."""
    taking = call in ("remove", "clear") or (call == "set" and given.args == ([],))
    if not taking or ends.relation.through is not None or ends.relation.model == "Reaction":
        return None
    return frozenset({f"{ends.relation.column}_id"})


Operation = Callable[[World, Ends, Arguments], Any]


def _by_kind(operation: Operation, generic: Operation) -> Operation:
    """Rows of a generic relation belong to their owner: what is taken from it is deleted."""
    return lambda world, ends, given: (generic if ends.relation.model == "Reaction" else operation)(world, ends, given)


_CHANGING: dict[str, Operation] = {"add": add, "remove": remove, "set": replace_all, "clear": clear}
RELATING: dict[str, Callable[[World, Ends, Arguments], Any]] = {
    **{call: _by_kind(operation, GENERIC[call]) for call, operation in _CHANGING.items()},
    **{call: _creating(call) for call in _CREATING},
}

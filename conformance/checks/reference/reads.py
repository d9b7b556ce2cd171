"""What the methods that read give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.checks.reference import expressions
from conformance.checks.reference.expressions import AGGREGATES, aggregate, is_aggregate, joined
from conformance.checks.reference.joins import Solution, World, locate
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.checks.reference.queries import Query, rows_of
from conformance.checks.reference.steps import LOCKS, restrict
from conformance.strategies.code import Arguments, Call, Chain, Name, Slice, Step

_UNIQUE = {"Tag": ("name",), "Profile": ("user",)}


def _all(world: World, query: Query, given: Arguments) -> list[Any]:
    del given
    return _in_order(world, query)


def _iterator(world: World, query: Query, given: Arguments) -> list[Any]:
    size = given.args[0] if given.args else dict(given.kwargs).get("chunk_size", 1)
    if size <= 0:
        raise Raises("ValueError")
    return _in_order(world, query)


def _in_order(world: World, query: Query) -> list[Any]:
    """Nothing promises an order that nobody asked for; SQLite keeps that of the keys."""
    found = rows_of(world, query)
    if len(found) > 1 and not query.order and world.dialect.vendor != "sqlite":
        raise Unmodelled("rows without an order")
    return found


def _unlocked(query: Query) -> Query:
    """What is computed of rows locks none of them."""
    return replace(query, fails="") if query.fails == LOCKS else query


def _count(world: World, query: Query, given: Arguments) -> int:
    del given
    return len(rows_of(world, replace(_unlocked(query), unknown=())))


def _exists(world: World, query: Query, given: Arguments) -> bool:
    if query.fails == LOCKS:
        raise Unmodelled("whether a row that is asked for is locked")
    return bool(_count(world, query, given))


def _first(world: World, query: Query, given: Arguments) -> Any:
    del given
    query = query if query.order else _by_key(query)
    return next(iter(rows_of(world, query)), None)


def _last(world: World, query: Query, given: Arguments) -> Any:
    if query.sliced:
        raise Raises("TypeError")
    query = replace(query, backwards=not query.backwards) if query.order else replace(_by_key(query), ordering=("-pk",))
    return _first(world, query, given)


def _by_key(query: Query) -> Query:
    if query.sliced:
        raise Raises("TypeError")
    if query.grouped:
        raise Unmodelled("groups without an order")
    return replace(query, ordering=("pk",))


def get(world: World, query: Query, given: Arguments) -> Any:
    """The one row."""
    found = rows_of(world, narrowed(world, query, given))
    if len(found) != 1:
        raise Raises("MultipleObjectsReturned" if found else "DoesNotExist")
    return found[0]


def narrowed(world: World, query: Query, given: Arguments) -> Query:
    """The queryset after `filter` with these arguments."""
    if any(isinstance(value, str) and name in ("pk", "id") for name, value in given.kwargs):
        raise Raises("ValueError")
    return restrict(world, query, Step("filter", given.args, given.kwargs))


def _earliest(world: World, query: Query, given: Arguments, *, latest: bool = False) -> Any:
    if query.sliced:
        raise Raises("TypeError")
    if not given.args:
        raise Raises("ValueError")
    query = replace(query, ordering=given.args, backwards=query.backwards != latest, slices=(Slice(None, 1),))
    for name in given.args:
        if isinstance(name, str):
            locate(query.model, name.removeprefix("-"), "", expressions.known_paths(query.solutions))
    return get(world, query, Arguments())


def _contains(world: World, query: Query, given: Arguments) -> bool:
    (found,) = (*given.args, *(value for _, value in given.kwargs))
    if query.combined:
        raise Raises("NotSupportedError")
    if query.shape is not None:
        raise Raises("TypeError")
    model, key = _named(found)
    if {"PublishedPost": "Post"}.get(model, model) != query.model:
        return False
    if key is None:
        raise Raises("ValueError")
    return bool(rows_of(world, narrowed(world, query, Arguments(kwargs=(("pk", key),)))))


def _named(found: Any) -> tuple[str, Any]:
    """The model and the key of an instance."""
    if isinstance(found, Call) and not found.args:
        return found.function, dict(found.kwargs).get("pk")
    if isinstance(found, Chain) and isinstance(found.start, Name):
        return found.start.name.removesuffix(".objects"), expressions.instance_key(found)
    raise Raises("TypeError")


def _in_bulk(world: World, query: Query, given: Arguments) -> Any:
    options = dict(given.kwargs)
    field = options.get("field_name", "pk")
    keys = given.args[0] if given.args else options.get("id_list")
    if query.sliced or query.shape is not None:
        raise Raises("TypeError")
    if query.selected or query.unknown:
        raise Unmodelled("annotations")
    if field != "pk" and query.meta.field(field) is None:
        raise Raises("FieldDoesNotExist")
    if field != "pk" and field not in _UNIQUE.get(query.model, ()):
        raise Raises("ValueError")
    if keys is not None and not keys:
        return {}
    if isinstance(keys, int):
        raise Raises("TypeError")
    if isinstance(keys, str) and field == "pk":
        raise Raises("ValueError")
    if keys is not None:
        query = narrowed(world, query, Arguments(kwargs=((f"{field}__in", list(keys)),)))
    name = query.meta.field(field)
    assert name is not None
    return {row[query.meta.attribute(name)]: row for row in rows_of(world, query)}


def _aggregate(world: World, query: Query, given: Arguments) -> Any:
    named: list[tuple[str, Any]] = []
    for each in given.args:
        if not (isinstance(each, Call) and each.function in AGGREGATES and isinstance(each.args[0], str)):
            raise Raises("TypeError")
        named.append((f"{each.args[0]}__{each.function.lower()}", each))
    named += given.kwargs
    if any(not isinstance(each, (Call, type(named))) and not hasattr(each, "operator") for _, each in named):
        raise Raises("TypeError")
    if not all(is_aggregate(each) for _, each in named):
        raise Unmodelled("other aggregates")
    known = {("annotation", name) for name in query.named}
    many = any(path for _, each in named for path in expressions.paths(query.model, each, "", set(known)))
    if query.shape is not None or ((query.sliced or query.distinct or query.selected) and many):
        raise Unmodelled("aggregates of a part")
    solutions = query.solutions
    if query.sliced or query.distinct:
        rows = rows_of(world, replace(_unlocked(query), shape=None, selected=(), loaded=None, unknown=()), whole=True)
        solutions = [Solution({(): row}) for row in rows]
    for _, each in named if solutions else ():
        solutions = joined(world, query.model, solutions, each)
    return {name: aggregate(world, query.model, solutions, each) for name, each in named}


READS: dict[str, Callable[[World, Query, Arguments], Any]] = {
    "__iter__": _all,
    "iterator": _iterator,
    "count": _count,
    "exists": _exists,
    "first": _first,
    "last": _last,
    "get": get,
    "earliest": _earliest,
    "latest": lambda world, query, given: _earliest(world, query, given, latest=True),
    "contains": _contains,
    "in_bulk": _in_bulk,
    "aggregate": _aggregate,
}

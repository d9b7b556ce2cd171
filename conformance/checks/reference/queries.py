"""A queryset while it is built, and the rows that it gives, in their order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from conformance.checks.reference import shaping
from conformance.checks.reference.expressions import known_paths
from conformance.checks.reference.joins import Solution, World, join, locate
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.checks.reference.schema import MODELS, Model
from conformance.strategies.code import Call, Chain, Slice


@dataclass(frozen=True)
class Query:
    """A queryset while it is built. `shape` is how a solution becomes what the caller gets; None for instances."""

    model: str
    solutions: list[Solution]
    ordering: tuple[Any, ...] | None = None
    backwards: bool = False
    slices: tuple[Slice, ...] = ()
    shape: shaping.Shape | None = None
    loaded: tuple[str, ...] | None = None
    distinct: bool = False
    grouped: bool = False
    filters: int = 0
    # Whether it is a union, an intersection or a difference: of such a one no part can be chosen by a condition.
    combined: bool = False
    fails: str = ""
    # Annotations are values of their own where they are selected, and none where they are aliases.
    named: tuple[str, ...] = ()
    selected: tuple[str, ...] = ()
    unknown: tuple[str, ...] = field(default=())

    @property
    def meta(self) -> Model:
        """The model's own data."""
        return MODELS[self.model]

    @property
    def sliced(self) -> bool:
        """Whether a part was taken."""
        return bool(self.slices)

    @property
    def order(self) -> tuple[Any, ...]:
        """What it is ordered by; the model's own where nothing else was said, and no group stands for many rows."""
        return (() if self.grouped else self.meta.ordering) if self.ordering is None else self.ordering


def every(world: World, model: str) -> Query:
    """All rows of a model's default manager."""
    rows = world.tables["Post" if model == "PublishedPost" else model]
    if model == "PublishedPost":
        rows = [row for row in rows if row["published"]]
    return Query(model, [Solution({(): row}) for row in rows])


def rows_of(world: World, query: Query, *, whole: bool = False) -> list[Any]:
    """What the queryset gives, in its order, as plain values; with `whole`, the rows themselves."""
    if query.unknown:
        raise Unmodelled("what is prefetched")
    if query.fails and not any(part.start == part.stop for part in query.slices):
        raise Raises(query.fails)
    if query.grouped and not query.order and len(query.solutions) > 1:
        raise Unmodelled("groups without an order")
    found = _sorted(world, query)
    if whole:
        results: list[Any] = [each.base for each in found]
    elif query.shape is None:
        results = [shaping.instance(query.meta, each, query.loaded, query.selected) for each in found]
    else:
        results = [query.shape.value(world, query.model, each) for each in found]
    if query.distinct:
        results = [each for position, each in enumerate(results) if each not in results[:position]]
    for part in query.slices:
        results = results[part.start : part.stop]
    return results


def _sorted(world: World, query: Query) -> list[Solution]:
    found = query.solutions
    for name in reversed(query.order):
        found = _sorted_by(world, query, found, name)
    return found


def _sorted_by(world: World, query: Query, found: list[Solution], name: Any) -> list[Solution]:
    """By one field; with equal ones in the order in which they were."""
    name, nulls_first = _ordered_by(name)
    field_name, down = name.removeprefix("-"), name.startswith("-") != query.backwards
    known = known_paths(found)
    if ("annotation", field_name) in known or not found:
        keys = [each.annotations.get(field_name) for each in found]
    else:
        target = locate(query.model, field_name, "", known)
        if set(target.rest) & {"year", "month", "day"}:
            raise Unmodelled("an ordering by a part of a value")
        if target.rest:
            raise Raises("FieldError")
        found = join(world, query.model, found, target.path)
        rows = [each.rows[target.path] for each in found]
        keys = [None if row is None else row[target.field] for row in rows]
    order = sorted(range(len(found)), key=lambda at: world.dialect.key(keys[at]), reverse=down)
    if nulls_first is not None:
        order.sort(key=lambda at: (keys[at] is None) != (nulls_first != query.backwards))
    # Python leaves equal ones as they were, also backwards.
    return [found[at] for at in order]


def _ordered_by(name: Any) -> tuple[str, bool | None]:
    """A field's name with its sign, and whether rows without a value come first, where that is said."""
    if isinstance(name, str):
        return name, None
    way, nulls = "asc", dict[str, bool]()
    if isinstance(name, Chain) and len(name.steps) == 1:
        (step,), name = name.steps, name.start
        way, nulls = step.method, dict(step.kwargs)
    if not (isinstance(name, Call) and name.function == "F"):
        raise Unmodelled("an ordering by an expression")
    sign = "-" if way == "desc" else ""
    return f"{sign}{name.args[0]}", nulls.get("nulls_first", None if not nulls else False)

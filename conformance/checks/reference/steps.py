"""What each step of a queryset makes of its rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.checks.reference import expressions, shaping
from conformance.checks.reference.conditions import narrow
from conformance.checks.reference.expressions import aggregate, is_aggregate, joined, known_paths, tree_of
from conformance.checks.reference.joins import Path, Solution, World, join, locate
from conformance.checks.reference.operators import without_operators
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.checks.reference.queries import Query, every, rows_of
from conformance.checks.reference.schema import MODELS, Row
from conformance.strategies.code import Attribute, Call, Chain, Name, Slice, Step
from conformance.strategies.shapes import EVERY_POST

# What a query that locks rows raises outside of a transaction.
LOCKS = "TransactionManagementError"


def query_of(world: World, expression: Any) -> Query:
    """The queryset that an expression stands for. Raises `Unmodelled` for steps that the model does not know."""
    if isinstance(expression, Name):
        model = expression.name.removesuffix(".objects")
        if model not in MODELS:
            raise Unmodelled("no model")
        return every(world, model)
    if not isinstance(expression, Chain):
        raise Unmodelled("no queryset")
    query, steps = _start(world, expression)
    for step in without_operators(query.model, steps):
        if isinstance(step, Slice):
            query = replace(query, slices=(*query.slices, step))
            continue
        change = _STEPS.get(step.method) if isinstance(step, Step) else None
        if change is None:
            raise Unmodelled(f"the step {step}")
        query = change(world, query, step)
    return query


def _start(world: World, expression: Chain) -> tuple[Query, tuple[Any, ...]]:
    """Where a manager of related objects stands at the front, its rows."""
    for position, step in enumerate(expression.steps):
        if isinstance(step, Attribute):
            owner = Chain(expression.start, expression.steps[:position])
            return related(world, owner, step.name), expression.steps[position + 1 :]
    if isinstance(expression.start, Chain):
        query, steps = _start(world, expression.start)
        return query, steps + expression.steps
    return query_of(world, expression.start), expression.steps


def owner_of(expression: Chain) -> tuple[str, Any]:
    """The model and the key of a fetched row."""
    assert isinstance(expression.start, Name)
    last = Chain(expression.start, expression.steps[-1:])
    return expression.start.name.removesuffix(".objects"), expressions.instance_key(last)


def related(world: World, owner: Chain, name: str) -> Query:
    """The rows of a manager of related objects."""
    model, key = owner_of(owner)
    relation = MODELS[model].relation(name)
    if relation is None:
        raise Unmodelled("no relation")
    (row,) = (each for each in world.tables[model] if each["id"] == key)
    path = (f"{name}#related",)
    found = [each.rows[path] for each in join(world, model, [Solution({(): row})], path)]
    # The join to the owner is there already: what asks for the relation backwards finds the owner alone.
    back: dict[Path, Row | None] = (
        {} if relation.through is None else {("posts#owner" if name == "tags" else "tags#owner",): row}
    )
    return Query(relation.model, [Solution({(): each, **back}) for each in found if each is not None])


def restrict(world: World, query: Query, step: Step) -> Query:
    """What `filter` and `exclude` leave."""
    if query.combined and (step.args or step.kwargs):
        raise Raises("NotSupportedError")
    if query.sliced and (step.args or step.kwargs):
        raise Raises("TypeError")
    call = str(query.filters)
    tree = tree_of(step.args, step.kwargs)
    if world.dialect.vendor == "sqlite" and "json__contain" in repr(tree):
        # It raises where no row is asked for as well, but for a query that is known to be empty.
        raise Unmodelled("what SQLite cannot do")
    found = narrow(world, query.model, query.solutions, tree, call, query.named, out=step.method == "exclude")
    return replace(query, solutions=found, filters=query.filters + 1)


def _order_by(world: World, query: Query, step: Step) -> Query:
    del world
    if query.sliced:
        raise Raises("TypeError")
    return replace(query, ordering=step.args)


def _reverse(world: World, query: Query, step: Step) -> Query:
    del world, step
    if query.sliced:
        raise Raises("TypeError")
    return replace(query, backwards=not query.backwards)


def _annotate(world: World, query: Query, step: Step) -> Query:
    if query.sliced or query.distinct:
        raise Unmodelled("annotations of a part")
    if any(isinstance(each, Call) and each.function == "FilteredRelation" for _, each in step.kwargs):
        raise Unmodelled("a relation with a condition of its own")
    values = [pair for pair in step.kwargs if not is_aggregate(pair[1])]
    summaries = [pair for pair in step.kwargs if is_aggregate(pair[1])]
    solutions = query.solutions
    for name, expression in values:
        solutions = _annotated(world, query.model, solutions, name, expression)
    if summaries:
        query = _grouped(world, replace(query, solutions=solutions), summaries)
        solutions = query.solutions
    names = () if step.method == "alias" else tuple(name for name, _ in step.kwargs)
    shape = None if query.shape is None else query.shape.with_annotations(names)
    named = (*query.named, *(name for name, _ in step.kwargs))
    return replace(query, solutions=solutions, named=named, selected=(*query.selected, *names), shape=shape)


def _annotated(world: World, model: str, solutions: list[Solution], name: str, expression: Any) -> list[Solution]:
    if not solutions:
        return solutions
    solutions = joined(world, model, solutions, expression)
    if isinstance(expression, Call) and expression.function == "Window":
        ranks = _row_numbers(world, model, solutions, expression)
        return [each.annotated(**{name: rank}) for each, rank in zip(solutions, ranks, strict=True)]
    value = expressions.value
    return [each.annotated(**{name: value(world, model, each, expression, "")}) for each in solutions]


def _row_numbers(world: World, model: str, solutions: list[Solution], window: Call) -> list[int]:
    given = dict(window.kwargs)
    if window.args[0].function != "RowNumber" or set(given) != {"partition_by", "order_by"}:
        raise Unmodelled("another window")

    def values(solution: Solution, parts: list[Any]) -> tuple[Any, ...]:
        return tuple(expressions.value(world, model, solution, part, "") for part in parts)

    groups = [values(each, given["partition_by"]) for each in solutions]
    orders = [tuple(map(world.dialect.key, values(each, given["order_by"]))) for each in solutions]
    if len({tuple(key.value for key in order) for order in orders}) < len(orders):
        raise Unmodelled("ties in a window")
    pairs = list(zip(groups, orders, strict=True))
    return [1 + sum(other == group and before < order for other, before in pairs) for group, order in pairs]


def _grouped(world: World, query: Query, summaries: list[tuple[str, Any]]) -> Query:
    """One solution for each row, or for each of the values that were asked for before."""
    if query.grouped:
        # The joins of the second multiply what the first counts: documented, and not modelled.
        raise Unmodelled("summaries after summaries")
    solutions = query.solutions
    for _, expression in summaries:
        solutions = joined(world, query.model, solutions, expression)
    groups: dict[Any, list[Solution]] = {}
    for solution in solutions:
        key = solution.base["id"] if query.shape is None else query.shape.key(world, query.model, solution)
        groups.setdefault(key, []).append(solution)
    found = []
    for group in groups.values():
        first = group[0]
        one_row = {path: row for path, row in first.rows.items() if not any("#" in part for part in path)}
        values = {name: aggregate(world, query.model, group, expression) for name, expression in summaries}
        found.append(replace(first, rows=one_row if query.shape is None else first.rows).annotated(**values))
    return replace(query, solutions=found, grouped=True)


def _shape(world: World, query: Query, step: Step) -> Query:
    if query.sliced:
        raise Unmodelled("values of a part")
    kind, fields, computed = shaping.asked(query.meta, step, query.selected)
    solutions = query.solutions
    for name, expression in computed:
        solutions = _annotated(world, query.model, solutions, name, expression)
    named = (*query.named, *(name for name, _ in computed))
    known = known_paths(solutions) | {("annotation", name) for name in named}
    for name in fields:
        if ("annotation", name) not in known:
            target = locate(query.model, name, "", known)
            if target.rest:
                raise Unmodelled("a part of a value")
            solutions = join(world, query.model, solutions, target.path)
    return replace(query, solutions=solutions, shape=shaping.Shape(kind, fields))


def _times(world: World, query: Query, step: Step) -> Query:
    del world
    name, kind = step.args
    values = [each.annotated(cut=shaping.cut(step.method, each.base[name], kind)) for each in query.solutions]
    backwards = dict(step.kwargs).get("order") == "DESC"
    shape = shaping.Shape("flat", ("cut",))
    return replace(query, solutions=values, shape=shape, distinct=True, ordering=("-cut" if backwards else "cut",))


def _distinct(world: World, query: Query, step: Step) -> Query:
    if step.args:
        if world.dialect.vendor == "postgresql":
            raise Unmodelled("distinct on fields")
        return replace(query, fails="NotSupportedError")
    return replace(query, distinct=True)


def _load(world: World, query: Query, step: Step) -> Query:
    del world
    return replace(query, loaded=shaping.loaded(query.meta, query.loaded, step))


def _combine(world: World, query: Query, step: Step) -> Query:
    if query.selected or query.sliced or query.order:
        raise Unmodelled("a combination of parts")
    other = query_of(world, step.args[0])
    mine, others = (rows_of(world, side, whole=True) for side in (query, other))
    if step.method == "union" and not (mine and others):
        raise Unmodelled("a combination of one")
    if query.shape is not None or other.shape is not None:
        raise Unmodelled("a combination of values")
    every_row = dict(step.kwargs).get("all", False)
    keys = {row["id"] for row in others}
    found: list[Any] = {
        "union": lambda: mine + others if every_row else _unique(mine + others),
        "intersection": lambda: _unique([row for row in mine if row["id"] in keys]),
        "difference": lambda: _unique([row for row in mine if row["id"] not in keys]),
    }[step.method]()
    return Query(
        query.model, [Solution({(): row}) for row in found], ordering=(), backwards=query.backwards, combined=True
    )


def _unique(rows: list[Any]) -> list[Any]:
    return list({row["id"]: row for row in rows}.values())


def _same(world: World, query: Query, step: Step) -> Query:
    del world, step
    return query


def _none(world: World, query: Query, step: Step) -> Query:
    del world, step
    return replace(query, solutions=[])


def _prefetched(world: World, query: Query, step: Step) -> Query:
    """Only what is put into attributes of its own shows in an instance."""
    del world
    if any(isinstance(each, Call) and "to_attr" in dict(each.kwargs) for each in step.args):
        return replace(query, unknown=("to_attr",))
    return query


def _raw(world: World, query: Query, step: Step) -> Query:
    """Of SQL nothing is known but the one statement that asks for everything."""
    del world
    if step.args != (EVERY_POST,) or step.kwargs:
        raise Unmodelled("SQL")
    return replace(query, ordering=("pk",))


def _locked(world: World, query: Query, step: Step) -> Query:
    """Rows are locked in a transaction alone, and there is none here; SQLite locks no rows."""
    found = _same(world, query, step)
    return found if world.dialect.vendor == "sqlite" else replace(found, fails=LOCKS)


_STEPS: dict[str, Callable[[World, Query, Step], Query]] = {
    "all": _same,
    "filter": restrict,
    "exclude": restrict,
    "order_by": _order_by,
    "reverse": _reverse,
    "annotate": _annotate,
    "alias": _annotate,
    "values": _shape,
    "values_list": _shape,
    "dates": _times,
    "datetimes": _times,
    "distinct": _distinct,
    "only": _load,
    "defer": _load,
    "select_related": _same,
    "prefetch_related": _prefetched,
    "select_for_update": _locked,
    "raw": _raw,
    # Every alias leads to the same rows.
    "using": _same,
    "none": _none,
    "union": _combine,
    "intersection": _combine,
    "difference": _combine,
}

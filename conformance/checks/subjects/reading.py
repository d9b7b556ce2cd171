"""Operations that read querysets: iteration, counting, getting, aggregating."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from hypothesis import strategies as st

from conformance.checks.outcomes import Wrong
from conformance.checks.registry import register
from conformance.checks.stage import Stage
from conformance.checks.twins import Sides, operation, refuse, register_twins, trace_both
from conformance.strategies import SHORT_TEXTS, QuerysetPlan, Rows, queries, rows, small_integers


@dataclass(frozen=True)
class Reading:
    """Rows, and a query over them."""

    rows: Rows
    query: QuerysetPlan


@dataclass(frozen=True)
class Slicing:
    """Rows, a query over them, and the part of it that is read: `size` rows from `start` on."""

    rows: Rows
    query: QuerysetPlan
    start: int
    size: int


@dataclass(frozen=True)
class Getting:
    """Rows, and what to get from them."""

    rows: Rows
    lookup: tuple[str, Any]


READINGS = st.builds(Reading, rows=rows(), query=queries())
SLICINGS = st.builds(
    Slicing, rows=rows(min_posts=2), query=queries(most_filters=1), start=st.integers(0, 2), size=st.integers(0, 3)
)
WHOLE_TABLES = st.builds(Reading, rows=rows(), query=st.just(QuerysetPlan((), None)))
GETTINGS = st.builds(
    Getting,
    rows=rows(),
    lookup=st.one_of(
        st.tuples(st.just("title"), SHORT_TEXTS),
        st.tuples(st.just("views"), small_integers()),
        st.tuples(st.just("published"), st.booleans()),
    ),
)


def manager(stage: Stage) -> Any:
    """The manager of posts."""
    from sample_app.models import Post

    return stage.adapter.manager(Post)


def queryset(stage: Stage, query: QuerysetPlan) -> Any:
    """The query as a queryset over posts."""
    found = manager(stage).filter(**dict(query.filters))
    return found if query.ordering is None else found.order_by(*query.ordering)


def _queryset_operation(name: str) -> Callable[[Stage, Reading], Sides]:
    return lambda stage, example: operation(stage, queryset(stage, example.query), name)


def _manager_operation(name: str) -> Callable[[Stage, Reading], Sides]:
    return lambda stage, example: operation(stage, manager(stage), name)


for _name in ("count", "exists", "first", "last"):
    register_twins(f"queryset.a{_name}", READINGS, _queryset_operation(_name))
for _name in ("count", "exists"):
    register_twins(f"manager.a{_name}", WHOLE_TABLES, _manager_operation(_name))


def iteration(stage: Stage, found: Any) -> Sides:
    """Every row, by `for` and by `async for`."""

    async def asynchronous() -> list[Any]:
        return [item async for item in stage.adapter.iterate(found)]

    return Sides(sync=lambda: list(found), asynchronous=asynchronous)


register_twins("queryset.aiter", READINGS, lambda stage, example: iteration(stage, queryset(stage, example.query)))
register_twins(
    "queryset.slice.aiter",
    SLICINGS,
    lambda stage, example: iteration(
        stage, queryset(stage, example.query)[example.start : example.start + example.size]
    ),
)


def _early_stop(stage: Stage, example: Slicing) -> Sides:
    found = queryset(stage, example.query)

    async def asynchronous() -> list[Any]:
        items: list[Any] = []
        async for item in stage.adapter.iterate(found):
            if len(items) == example.size:
                break
            items.append(item)
        # The connection must be usable after the iteration was left.
        return [*items, await stage.adapter.asynchronous(manager(stage), "count")()]

    return Sides(
        sync=lambda: [*islice(found, example.size), manager(stage).count()],
        asynchronous=asynchronous,
    )


register_twins("queryset.aiter.early_stop", SLICINGS, _early_stop)


def _get(stage: Stage, example: Getting) -> Sides:
    return operation(stage, manager(stage), "get", **dict([example.lookup]))


register_twins("queryset.aget", GETTINGS, _get)


def _get_or_404(stage: Stage, example: Getting) -> Sides:
    from django import shortcuts

    return operation(stage, shortcuts, "get_object_or_404", manager(stage), **dict([example.lookup]))


register_twins("shortcuts.aget_object_or_404", GETTINGS, _get_or_404)


def _aggregate(stage: Stage, example: Reading) -> Sides:
    from django.db.models import Avg, Count, Max, Min, Sum

    functions = {"n": Count("pk"), "mean": Avg("views"), "top": Max("views"), "low": Min("views"), "sum": Sum("views")}
    return operation(stage, queryset(stage, example.query), "aggregate", **functions)


register_twins("queryset.aaggregate", READINGS, _aggregate)


def _exists_counts(stage: Stage, example: Reading) -> None:
    _, asynchronous = trace_both(stage, example, _queryset_operation("exists"))
    refuse(asynchronous)
    if not any("COUNT(" in statement.sql.upper() for statement in asynchronous.statements):
        raise Wrong(
            "The source text calls aexists a count; no statement counts.",
            expected="a statement with COUNT",
            observed=asynchronous.sql,
            sql=asynchronous.sql,
        )


register("claim.o3.aexists_counts", "sql", READINGS)(_exists_counts)

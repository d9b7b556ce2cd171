"""Operations that read querysets: iteration, counting, getting, aggregating."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.outcomes import Wrong
from conformance.checks.registry import register, register_experiment
from conformance.checks.stage import Stage
from conformance.checks.twins import operation, refuse, trace_both
from conformance.strategies import QuerysetPlan, Rows, queries, rows


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


READINGS = st.builds(Reading, rows=rows(), query=queries())
SLICINGS = st.builds(
    Slicing, rows=rows(min_posts=2), query=queries(most_filters=1), start=st.integers(0, 2), size=st.integers(0, 3)
)


def manager(stage: Stage) -> Any:
    """The manager of posts."""
    from sample_app.models import Post

    return stage.adapter.manager(Post)


def queryset(stage: Stage, query: QuerysetPlan) -> Any:
    """The query as a queryset over posts."""
    found = manager(stage).filter(**dict(query.filters))
    return found if query.ordering is None else found.order_by(*query.ordering)


def queryset_code(query: QuerysetPlan) -> str:
    """The query as Python."""
    given = ", ".join(f"{name}={value!r}" for name, value in query.filters)
    ordered = f".order_by({', '.join(map(repr, query.ordering))})" if query.ordering is not None else ""
    return f"Post.objects.filter({given}){ordered}" if given else f"Post.objects{ordered or '.all()'}"


def _early_stop_code(example: Slicing) -> tuple[str, str]:
    found = queryset_code(example.query)
    lines = [
        "items = []",
        f"async for item in {found}:",
        f"    if len(items) == {example.size}:",
        "        break",
        "    items.append(item)",
        "[*items, await Post.objects.acount()]",
    ]
    return f"[*islice({found}, {example.size}), Post.objects.count()]", "\n".join(lines)


def _queryset_operation(name: str) -> Callable[[Stage, Reading], Sides]:
    return lambda stage, example: operation(stage, queryset(stage, example.query), name)


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
        held=(found,),
    )


register_experiment("queryset.aiter.early_stop", SLICINGS, _early_stop, _early_stop_code)


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


def _exists_code(example: Reading) -> tuple[str, ...]:
    return (f"await {queryset_code(example.query)}.aexists()",)


register("claim.o3.aexists_counts", "sql", READINGS, source=_exists_code)(_exists_counts)

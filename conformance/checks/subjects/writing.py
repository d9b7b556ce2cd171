"""Operations that write: through querysets, managers and instances."""

from __future__ import annotations

from conformance.checks.experiments import Sides
from conformance.checks.outcomes import Wrong
from conformance.checks.registry import register
from conformance.checks.stage import Stage
from conformance.checks.subjects.reading import READINGS, Reading, queryset, queryset_code
from conformance.checks.twins import operation, refuse, trace_both
from conformance.strategies import QuerysetPlan


def _delete(stage: Stage, example: Reading) -> Sides:
    return operation(stage, queryset(stage, QuerysetPlan(example.query.filters, None)), "delete")


def _returns_a_count(stage: Stage, example: Reading) -> None:
    _, asynchronous = trace_both(stage, example, _delete)
    refuse(asynchronous)
    if type(asynchronous.value) is not int:
        raise Wrong(
            "The source text uses what adelete returns as a count; it is not one.",
            expected="an int",
            observed=asynchronous.value,
            sql=asynchronous.sql,
        )


def _delete_code(example: Reading) -> tuple[str, ...]:
    return (f"await {queryset_code(QuerysetPlan(example.query.filters, None))}.adelete()",)


register("claim.o6.adelete_returns_a_count", "result", READINGS, source=_delete_code)(_returns_a_count)

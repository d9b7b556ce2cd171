"""Querysets with an operator between them: by the documentation, one queryset with that operator between conditions."""

from __future__ import annotations

from typing import Any

from conformance.checks.reference.outcomes import Unmodelled
from conformance.checks.reference.schema import MODELS
from conformance.strategies.code import Call, Infix, Inverted, Step

_OPERATORS = {"__and__": "&", "__or__": "|", "__xor__": "^"}


def without_operators(model: str, steps: tuple[Any, ...]) -> list[Any]:
    """The steps, with a filter in the place of each operator. Raises `Unmodelled` for what has no such filter."""
    found: list[Any] = []
    for step in steps:
        operator = _OPERATORS.get(step.method) if isinstance(step, Step) else None
        if operator is None:
            found.append(step)
            continue
        before = [each for each in found if each != Step("all")]
        (other,) = step.args
        condition = Infix(_condition(model, before), operator, _condition(model, list(other.steps)))
        found = [Step("filter", (condition,))]
    return found


def _condition(model: str, steps: list[Any]) -> Call | Inverted:
    """What the only step of a queryset asks for."""
    if len(steps) != 1 or steps[0].method not in ("filter", "exclude") or steps[0].args:
        raise Unmodelled("an operator between more than conditions")
    for name, _ in steps[0].kwargs:
        relation = MODELS[model].relation(name.partition("__")[0])
        if relation is not None and relation.many:
            # Whether both conditions are asked of one related row the documentation does not say.
            raise Unmodelled("an operator between conditions of many rows")
    condition = Call("Q", kwargs=steps[0].kwargs)
    return Inverted(condition) if steps[0].method == "exclude" else condition

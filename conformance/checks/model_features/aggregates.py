"""Aggregates of the rows of a queryset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.checks.model_features.kinds import Row
from conformance.checks.model_features.query import Found, by_name
from conformance.checks.model_features.store import Store
from conformance.checks.model_features.where import wanted
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.strategies.code import Arguments, Call

_FOLDS: dict[str, Callable[[list[Any]], Any]] = {
    "Max": lambda values: max(values, default=None),
    "Min": lambda values: min(values, default=None),
    "Sum": lambda values: sum(values) if values else None,
}


def aggregate(store: Store, found: Found, given: Arguments) -> dict[str, Any]:
    """The value of each, by its name."""
    named = [(f"{each.args[0]}__{each.function.lower()}", each) for each in given.args] + list(given.kwargs)
    return {name: _one(store, found, call) for name, call in named}


def _one(store: Store, found: Found, call: Any) -> Any:
    if not isinstance(call, Call) or found.shape is not None:
        raise Unmodelled("another aggregate")
    options, name = dict(call.kwargs), call.args[0]
    rows = found.rows
    if (condition := options.pop("filter", None)) is not None:
        rows = tuple(row for row in rows if wanted(store, found.kind, row, (), (condition,), found.named))
    distinct = options.pop("distinct", False)
    if options:
        raise Unmodelled("another option")
    if distinct and name == "pk" and len(found.kind.key) > 1:
        # `COUNT(DISTINCT)` takes one column, which the documentation of composite keys says.
        raise Raises("ValueError")
    if call.function == "Count":
        return _count(store, found, rows, name, distinct=distinct)
    if name == "pk" and len(found.kind.key) > 1:
        raise Raises("ValueError")
    values = [by_name(store, found, row, name) for row in rows]
    return _FOLDS[call.function]([each for each in values if each is not None])


def _count(store: Store, found: Found, rows: tuple[Row, ...], name: str, *, distinct: bool) -> int:
    if name in ("*", "pk"):
        return len({store.key(found.kind, row) for row in rows}) if distinct else len(rows)
    if (found.sliced or found.joined) and found.kind.field(name) is None:
        raise Unmodelled("what refers to a part")
    many = [store.related(found.kind, row, name) for row in rows if found.kind.field(name) is None]
    if many:
        if None in many:
            raise Unmodelled("another name")
        keys = [store.key(each[0], row) for each in many if each is not None for row in each[1]]
        return len(set(keys)) if distinct else len(keys)
    values = [by_name(store, found, row, name) for row in rows] if found.kind.field(name) else []
    values = [each for each in values if each is not None]
    return len(set(values)) if distinct else len(values)

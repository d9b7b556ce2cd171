"""What can be said of a well-formed queryset that the model does not know: it answers, and its answers agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.checks.plain import plain
from conformance.checks.reference.answers import Answer
from conformance.checks.seed import KNOWN_KEYS
from conformance.strategies.code import Arguments, Call


class SomeAnswer:
    """Equal to whatever was given; only an exception is none."""

    def __eq__(self, other: object) -> bool:
        return not (isinstance(other, dict) and set(other) == {"raises"})

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "an answer, since the query is well formed"


AN_ANSWER = SomeAnswer()
# Of these a well-formed queryset may raise: for what they are given, or where there is no row.
_MAY_RAISE = ("iterator", "get", "latest", "earliest")


def consistent(target: Any, call: str, given: Arguments) -> Answer | None:
    """What the rows of a queryset, fetched all at once, say of another call; None where nothing can be said."""
    from django.db import NotSupportedError

    if call in _MAY_RAISE:
        return None
    try:
        rows = list(target.all())
    except NotSupportedError:
        return None
    except Exception:  # noqa: BLE001 - that it is none is what is found out
        return Answer(AN_ANSWER)
    return Answer(_SAYS[call](rows, target, given) if call in _SAYS else AN_ANSWER)


def _first(rows: list[Any], target: Any, _: Arguments) -> Any:
    if not target.ordered:
        return AN_ANSWER
    return plain(rows[0], KNOWN_KEYS) if rows else None


def _aggregate(rows: list[Any], _: Any, given: Arguments) -> Any:
    """Where each of the aggregates only counts."""
    found = {name: _counted(rows, expression) for name, expression in given.kwargs}
    return AN_ANSWER if None in found.values() else found


def _counted(rows: list[Any], expression: Any) -> int | None:
    if not isinstance(expression, Call) or expression.function != "Count":
        return None
    options = dict(expression.kwargs)
    if options.pop("filter", Call("Q")) != Call("Q") or options:
        return None
    if expression.args[0] in ("pk", "*"):
        return len(rows)
    return sum(row.extra is not None for row in rows) if expression.args[0] == "extra" else None


_SAYS: dict[str, Callable[[list[Any], Any, Arguments], Any]] = {
    "__iter__": lambda rows, _target, _given: plain(rows, KNOWN_KEYS),
    "count": lambda rows, _target, _given: len(rows),
    "exists": lambda rows, _target, _given: bool(rows),
    "first": _first,
    "aggregate": _aggregate,
}

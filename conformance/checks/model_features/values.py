"""Values of rows: by a name, of an expression, and as an instance that the observer sees."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from conformance.checks.model_features.kinds import Kind, Row
from conformance.checks.model_features.store import Store
from conformance.checks.plain import mask_key, mask_scalar
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.checks.reference.writes import UNKNOWN
from conformance.checks.seed import KNOWN_KEYS
from conformance.strategies.code import Call, Chain, Infix, Name

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def value_of(kind: Kind, row: Row, name: str) -> Any:
    """The value of a field, its column, or the key. Raises `Raises` (FieldError) for another name."""
    reference = kind.reference(name)
    together_ = kind.key if name == "pk" else reference.here if reference is not None else ()
    if len(together_) > 1:
        return tuple(shown(kind, each, row[each]) for each in together_)
    found = kind.field(name)
    if found is None:
        raise Raises("FieldError")
    return shown(kind, found, row[found])


def shown(kind: Kind, name: str, value: Any) -> Any:
    """A value of a column, as the observer sees it."""
    is_key = kind.key == (name,) or name in kind.keys
    return mask_key(value, KNOWN_KEYS) if is_key else mask_scalar(value)


def shown_row(kind: Kind, row: Row, only: frozenset[str] | None = None) -> dict[str, Any]:
    """A row as an instance that was fetched."""
    fields = {
        kind.attribute(name): shown(kind, name, value) for name, value in row.items() if only is None or name in only
    }
    return {"model": kind.label, **fields, "adding": False, "using": "default"}


def together(values: Any) -> Any:
    """The values, or `UNKNOWN` where one of them is."""
    return UNKNOWN if any(each is UNKNOWN for each in values) else values


def of_row(store: Store, kind: Kind, row: Row, value: Any) -> Any:
    """The value of an expression for a row. Raises `Unmodelled` for those that are not known."""
    if isinstance(value, (tuple, list)):
        return type(value)(of_row(store, kind, row, each) for each in value)
    if isinstance(value, Infix):
        left, right = (of_row(store, kind, row, each) for each in (value.left, value.right))
        return None if left is None or right is None else _ARITHMETIC[value.operator](left, right)
    if isinstance(value, (Chain, Name)):
        raise Unmodelled("an object in an expression")
    return _FUNCTIONS[_known(value)](store, kind, row, value) if isinstance(value, Call) else value


def _known(call: Call) -> str:
    if call.function not in _FUNCTIONS:
        raise Unmodelled(f"the function {call.function}")
    return call.function


def _field(store: Store, kind: Kind, row: Row, call: Call) -> Any:
    del store
    if call.args[0] == "pk" and len(kind.key) > 1:
        raise Unmodelled("a key of several columns in an expression")
    return value_of(kind, row, call.args[0])


def _upper(store: Store, kind: Kind, row: Row, call: Call) -> Any:
    name = call.args[0]
    found = value_of(kind, row, name) if isinstance(name, str) else of_row(store, kind, row, name)
    return None if found is None else found.upper()


def _count(store: Store, kind: Kind, row: Row, call: Call) -> int:
    related = store.related(kind, row, str(call.args[0]))
    if related is None or call.kwargs:
        raise Unmodelled("a count of something else")
    return len(related[1])


_FUNCTIONS: dict[str, Callable[[Store, Kind, Row, Call], Any]] = {
    "F": _field,
    "Upper": _upper,
    "Count": _count,
    "Value": lambda _store, _kind, _row, call: call.args[0],
}

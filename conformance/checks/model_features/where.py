"""Conditions: whether a row fits lookups and trees of `Q`. None is SQL's NULL: neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from conformance.checks.model_features.kinds import KINDS, Kind, Row
from conformance.checks.model_features.store import Store
from conformance.checks.model_features.values import of_row
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.strategies.code import Call, Chain, Infix, Inverted, Name, Pairs, Step

Truth = Any
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda one, other: one > other,
    "gte": lambda one, other: one >= other,
    "lt": lambda one, other: one < other,
    "lte": lambda one, other: one <= other,
}
LOOKUPS = {"exact", "in", "isnull", "contains", "startswith", "range", *_ORDERS}


def wanted(
    store: Store,
    kind: Kind,
    row: Row,
    kwargs: Pairs,
    trees: tuple[Any, ...] = (),
    named: dict[str, Any] | None = None,
) -> bool:
    """Whether the row fits all of them."""
    return _all(store, kind, row, kwargs, trees, named or {}) is True


def names_of(kwargs: Pairs, trees: tuple[Any, ...]) -> Iterator[str]:
    """The lookups of all conditions, wherever they stand."""
    yield from (name for name, _ in kwargs)
    for tree in trees:
        if isinstance(tree, Inverted):
            yield from names_of((), (tree.operand,))
        elif isinstance(tree, Infix):
            yield from names_of((), (tree.left, tree.right))
        elif isinstance(tree, Call):
            yield from names_of(tree.kwargs, tree.args)


def is_multiplied(store: Store, kind: Kind, row: Row, name: str) -> bool:
    """Whether the row has several others behind a name: a join of them has it several times."""
    first, _, rest = name.partition("__")
    related = None if kind.field(first) and not rest else store.related(kind, row, first)
    if related is None:
        return False
    return len(related[1]) > 1 or any(is_multiplied(store, related[0], each, rest) for each in related[1])


def _all(store: Store, kind: Kind, row: Row, kwargs: Pairs, trees: tuple[Any, ...], named: dict[str, Any]) -> Truth:
    found = [_condition(store, kind, row, name, value, named) for name, value in kwargs]
    found += [_tree(store, kind, row, tree, named) for tree in trees]
    return False if False in found else None if None in found else True


def check_keys(kind: Kind, kwargs: Pairs, trees: tuple[Any, ...] = ()) -> None:
    """Raises `Raises` (ValueError) for a key of too few or too many columns, also where there is no row to compare."""
    for name, value in kwargs if len(kind.key) > 1 else ():
        first, _, lookup = name.partition("__")
        if first == "pk" and lookup in ("", "exact", "in") and not isinstance(value, (Call, Chain)):
            _check_width(kind.key, value, lookup)
    for tree in trees:
        if isinstance(tree, Call):
            check_keys(kind, tree.kwargs, tree.args)


def _tree(store: Store, kind: Kind, row: Row, tree: Any, named: dict[str, Any]) -> Truth:
    if isinstance(tree, Inverted):
        # Django says `NOT (column IS NOT NULL AND ...)`: what is NULL is not what was asked for.
        return _tree(store, kind, row, tree.operand, named) is not True
    if isinstance(tree, Infix):
        sides = [_tree(store, kind, row, each, named) for each in (tree.left, tree.right)]
        if tree.operator == "^" and None in sides:
            # Of what has no such operator Django makes another question, with another answer.
            raise Unmodelled("NULL in an exclusive or")
        left, right = (each is True for each in sides)
        return {"&": left and right, "|": left or right, "^": left != right}[tree.operator]
    if isinstance(tree, Call) and tree.function == "Q":
        return _all(store, kind, row, tree.kwargs, tree.args, named)
    raise Unmodelled("another condition")


def _condition(store: Store, kind: Kind, row: Row, name: str, value: Any, named: dict[str, Any]) -> Truth:
    first, _, rest = name.partition("__")
    if first in named:
        return _compare(store, of_row(store, kind, row, named[first]), rest or "exact", value)
    related = None if kind.field(first) else store.related(kind, row, first)
    reference = kind.reference(first)
    if related is None and reference is not None and rest and rest not in LOOKUPS:
        related = store.related(kind, row, first)
    if related is not None:
        return _over(store, related, rest, value)
    found = _own(kind, row, first)
    return _compare(store, found, rest or "exact", _given(store, kind, row, value))


def _over(store: Store, related: tuple[Kind, list[Row]], rest: str, value: Any) -> Truth:
    kind, rows = related
    if rest == "isnull":
        return (not rows) is bool(value)
    inner = "pk" if not rest else f"pk__{rest}" if rest in LOOKUPS else rest
    return any(wanted(store, kind, each, ((inner, value),)) for each in rows)


def _own(kind: Kind, row: Row, name: str) -> Any:
    if name == "pk" and len(kind.key) > 1:
        return tuple(row[each] for each in kind.key)
    found = kind.field(name)
    if found is None:
        raise Raises("FieldError")
    return row[found]


def _given(store: Store, kind: Kind, row: Row, value: Any) -> Any:
    """What is compared with: an instance is its key, a queryset its rows' keys or its only column."""
    if isinstance(value, (list, tuple, set)):
        return type(value)(_given(store, kind, row, each) for each in value)
    if isinstance(value, Chain):
        return store.asked(store, value)
    if isinstance(value, Call) and value.function in KINDS:
        given = dict(value.kwargs)
        return given["pk"] if "pk" in given else single(tuple(given[name] for name in KINDS[value.function].key))
    if isinstance(value, (Name, Step)):
        raise Unmodelled("an object")
    return of_row(store, kind, row, value)


def single(key: tuple[Any, ...]) -> Any:
    """One column's value by itself, several together; a key of several columns is one already."""
    return key[0] if len(key) == 1 else key


def _compare(store: Store, value: Any, lookup: str, other: Any) -> Truth:
    if lookup == "isnull":
        return (value is None) is bool(other)
    if lookup not in LOOKUPS:
        raise Unmodelled(f"the lookup {lookup}")
    if isinstance(value, tuple):
        _check_width(value, other, lookup)
    if lookup == "exact" and other is None:
        return value is None
    if lookup == "in":
        return value is not None and any(value == each for each in other)
    if value is None or other is None:
        return None
    return _compare_values(store, value, lookup, other)


def _compare_values(store: Store, value: Any, lookup: str, other: Any) -> bool:
    if lookup in _ORDERS:
        return _ORDERS[lookup](value, other)
    if lookup == "range":
        return bool(other[0] <= value <= other[1])
    if lookup == "exact":
        return bool(value == other)
    text, part = store.dialect.like(value), store.dialect.like(other)
    return part in text if lookup == "contains" else text.startswith(part)


def _check_width(value: tuple[Any, ...], other: Any, lookup: str) -> None:
    """Raises `Raises` (ValueError) for what is no key of so many columns."""
    for each in other if lookup == "in" else (other,):
        if not isinstance(each, (tuple, list)) or len(each) != len(value):
            raise Raises("ValueError")

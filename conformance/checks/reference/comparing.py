"""Lookups: a value against another, True, False, or None where SQL has NULL."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from conformance.checks.reference.dialect import Dialect
from conformance.checks.reference.outcomes import Raises, Unmodelled

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "exact": operator.eq,
}
_PARTS: dict[str, Callable[[Any], Any]] = {
    "year": lambda moment: moment.year,
    "month": lambda moment: moment.month,
    "day": lambda moment: moment.day,
    "hour": lambda moment: moment.hour,
    "quarter": lambda moment: (moment.month + 2) // 3,
    "week_day": lambda moment: moment.isoweekday() % 7 + 1,
    "date": lambda moment: moment.date(),
}


def compare(dialect: Dialect, value: Any, lookups: tuple[str, ...], other: Any) -> bool | None:
    """What the lookups of a name (after its field) say of the two values."""
    *transforms, lookup = lookups or ("exact",)
    if lookup in _PARTS:
        transforms, lookup = [*transforms, lookup], "exact"
    for transform in transforms:
        if transform not in _PARTS or not isinstance(value, (date, type(None))):
            raise Unmodelled(f"the transform {transform}")
        value = None if value is None else _PARTS[transform](value)
    if lookup == "isnull":
        return (value is None) is bool(other)
    if lookup == "exact" and other is None:
        return value is None
    if lookup == "in" and not other:
        return False
    if isinstance(value, (dict, list)) or isinstance(other, dict):
        raise Unmodelled("JSON")
    if value is None or other is None:
        return None
    return _compare(dialect, value, lookup, other)


def _compare(dialect: Dialect, value: Any, lookup: str, other: Any) -> bool:
    if lookup == "exact":
        return bool(dialect.equal(value) == dialect.equal(other))
    if lookup in _ORDERS:
        if isinstance(value, str):
            value, other = dialect.text(value), dialect.text(other)
        return bool(_ORDERS[lookup](value, other))
    if lookup == "in":
        return dialect.equal(value) in [dialect.equal(each) for each in other]
    if lookup == "range":
        return bool(other[0] <= value <= other[1])
    if lookup in _TEXTS:
        return bool(_TEXTS[lookup](dialect.like(value), dialect.like(other)))
    if lookup[:1] == "i" and lookup[1:] in _TEXTS:
        return bool(_TEXTS[lookup[1:]](dialect.folded(value), dialect.folded(other)))
    if lookup in ("regex", "iregex"):
        return bool(re.search(other, value, re.IGNORECASE if lookup == "iregex" else 0))
    if isinstance(value, str):
        raise Unmodelled(f"the lookup {lookup}")
    raise Raises("FieldError")

"""Lookups of JSON: what is inside of a value, at a path of keys and positions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from conformance.checks.reference import comparing
from conformance.checks.reference.dialect import Dialect
from conformance.checks.reference.outcomes import Unmodelled

# In the place of a value at a path that leads nowhere: JSON's own null is a value.
_MISSING = object()
_LOOKUPS = ("exact", "in", "isnull", "gte", "startswith", "has_key", "has_keys", "has_any_keys")
_CONTAINING = ("contains", "contained_by")


def compare(dialect: Dialect, value: Any, lookups: tuple[str, ...], other: Any) -> bool | None:
    """What the lookups of a name (after its field) say of the two values; a `value` of None is SQL's NULL."""
    known = lookups[-1:] and lookups[-1] in (*_LOOKUPS, *_CONTAINING)
    path, lookup = (lookups[:-1], lookups[-1]) if known else (lookups, "exact")
    if lookup in _CONTAINING and dialect.vendor == "sqlite":
        raise Unmodelled("what SQLite cannot do")
    found = _MISSING if value is None else _inside(dialect, value, path)
    if lookup == "isnull":
        return (found is _MISSING) is bool(other)
    if lookup == "in" and not other:
        return False
    return None if found is _MISSING else _compared(dialect, found, lookup, other)


def _inside(dialect: Dialect, value: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        if isinstance(value, dict) and not part.isdecimal():
            value = value.get(part, _MISSING)
        elif isinstance(value, list) and part.isdecimal():
            value = value[int(part)] if int(part) < len(value) else _MISSING
        elif part.isdecimal() and dialect.vendor != "sqlite":
            raise Unmodelled("a position in what is no list")
        else:
            return _MISSING
    return value


def _compared(dialect: Dialect, found: Any, lookup: str, other: Any) -> bool:
    if lookup == "exact":
        return _text(found) == _text(other)
    if lookup == "in":
        return _text(found) in map(_text, other)
    if lookup in _INSIDE:
        return _INSIDE[lookup](found, other)
    if type(found) is not type(other):
        # How values of two types compare, each database has its own rules for.
        raise Unmodelled("values of two types")
    return comparing.compare(dialect, found, (lookup,), other) is True


def _text(value: Any) -> str:
    """The same for equal values alone: in Python a number may equal a truth value."""
    return json.dumps(value, sort_keys=True)


def _has(found: Any, key: str) -> bool:
    return isinstance(found, dict) and key in found


def _contains(found: Any, part: Any) -> bool:
    """Whether everything in the part is in what was found, at the same place, or in the same list."""
    if isinstance(found, dict) and isinstance(part, dict):
        return all(key in found and _contains(found[key], value) for key, value in part.items())
    if isinstance(found, list) and isinstance(part, list):
        return all(any(_contains(each, value) for each in found) for value in part)
    return _text(found) == _text(part)


_INSIDE: dict[str, Callable[[Any, Any], bool]] = {
    "has_key": _has,
    "has_keys": lambda found, keys: all(_has(found, key) for key in keys),
    "has_any_keys": lambda found, keys: any(_has(found, key) for key in keys),
    "contains": _contains,
    "contained_by": lambda found, whole: _contains(whole, found),
}

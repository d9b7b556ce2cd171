"""Kinds of values, and how each is made another value or another type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

_KINDS = (bool, int, float, str, bytes, list, tuple, dict, set)


def kind_of(value: Any) -> str:
    """`None`, `instance` for a model's, the name of a built-in type, or `other`."""
    if value is None:
        return "None"
    if hasattr(value, "_meta") and not isinstance(value, type):
        return "instance"
    return next((kind.__name__ for kind in _KINDS if isinstance(value, kind)), "other")


def altered(value: Any) -> Any:
    """Another value, of the same type where there is one."""
    change = _CHANGES.get(kind_of(value))
    if change is not None:
        return change(value)
    return value + timedelta(days=1) if isinstance(value, date) else object()


def retyped(value: Any) -> Any:
    """The same value as an instance of another type."""
    change = {"bool": int, "tuple": list, "list": tuple}.get(kind_of(value))
    return change(value) if change else type("Subtype", (type(value),), {})(value)


def _more(value: dict[Any, Any]) -> dict[Any, Any]:
    if not value:
        return {"surplus": 1}
    key = next(iter(value))
    return {**value, key: altered(value[key])}


def _first(value: Any) -> Any:
    return type(value)([altered(value[0]), *value[1:]]) if value else type(value)([1])


def _instance(value: Any) -> Any:
    """The first field that was loaded and is no key has another value."""
    for field in value._meta.concrete_fields:
        plain = not (field.primary_key or field.is_relation) and field.attname not in value.get_deferred_fields()
        if plain:
            setattr(value, field.attname, _other_field(getattr(value, field.attname)))
            break
    return value


def _other_field(value: Any) -> Any:
    return altered(value) if kind_of(value) in ("bool", "int", "float", "str") else "surplus"


_CHANGES: dict[str, Callable[[Any], Any]] = {
    "None": lambda _: 1,
    "bool": lambda value: not value,
    "int": lambda value: value + 1,
    "float": lambda value: value + 1,
    "str": lambda value: f"{value}!",
    "bytes": lambda value: value + b"!",
    "list": _first,
    "tuple": _first,
    "dict": _more,
    "set": lambda value: value | {"surplus"},
    "instance": _instance,
}

"""The state of what the caller holds: fields, caches, prefetched objects.

`_result_cache`, `_prefetched_objects_cache` and `_state.fields_cache` are private, seen in Django 3.2 to 6.1, pinned by
test_private.py: no public call says whether the next access sends a query.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from conformance.checks.plain import plain
from conformance.observations import STALE


def state_of(held: Any, known_keys: frozenset[int]) -> Any:
    """An instance's fields and caches, a queryset's loaded rows; what is callable says its state itself."""
    if hasattr(held, "_meta"):
        return plain(held, known_keys), caches_of(held, known_keys)
    if hasattr(held, "_result_cache"):
        return caches_of(held, known_keys)
    if hasattr(held, "get_queryset") or isinstance(held, ModuleType):
        return None
    return plain(held() if callable(held) else held, known_keys)


def caches_of(value: Any, known_keys: frozenset[int]) -> Any:
    """For each instance in a value what it can give without a query; None for what has no cache, nor anything in it."""
    if isinstance(value, (list, tuple)):
        return _caches_in(value, known_keys)
    if isinstance(value, dict):
        # Nothing promises an order.
        return _caches_in([value[name] for name in sorted(value, key=repr)], known_keys)
    if hasattr(value, "_meta"):
        return _instance(value, known_keys)
    if hasattr(value, "_result_cache"):
        loaded = value._result_cache
        return "not loaded" if loaded is None else ("loaded", plain(list(loaded), known_keys))
    return None


def _is_stale(instance: Any, name: str) -> bool:
    """Whether the instance keeps another related object than its column names."""
    field = next((each for each in instance._meta.concrete_fields if each.name == name and each.is_relation), None)
    kept = instance._state.fields_cache[name]
    if field is None or kept is None or field.attname not in instance.__dict__:
        return False
    return bool(getattr(kept, field.target_field.attname) != instance.__dict__[field.attname])


def prefetched_for(instance: Any) -> list[str]:
    """The names of the relations of which related objects are prefetched."""
    return sorted(getattr(instance, "_prefetched_objects_cache", ()))


def _caches_in(values: Sequence[Any], known_keys: frozenset[int]) -> Any:
    found = tuple(caches_of(item, known_keys) for item in values)
    return found if any(each is not None for each in found) else None


def _instance(instance: Any, known_keys: frozenset[int]) -> Any:
    related = sorted(f"{name}{STALE}" if _is_stale(instance, name) else name for name in instance._state.fields_cache)
    prefetched = getattr(instance, "_prefetched_objects_cache", {})
    return (
        tuple(related),
        tuple((name, plain(_in_order(prefetched[name]), known_keys)) for name in sorted(prefetched)),
    )


def _in_order(prefetched: Any) -> list[Any]:
    """The rows, by their keys where nobody ordered them: a server may give them in another order each time."""
    rows = list(prefetched)
    return rows if getattr(prefetched, "ordered", True) else sorted(rows, key=lambda row: repr(row.pk))

"""Results as plain values, so that two runs of one program can be compared.

What differs between two runs by design is masked: keys of new rows, and moments that the code took from the clock.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from conformance.strategies.rows import FIRST_KEY, LAST_KEY
from conformance.strategies.values import LAST_GENERATED_YEAR

NOW = "<now>"
NEW = "<new>"
_NUMBER = re.compile(r"\b\d{8}\b")
_LONG_MOMENT = re.compile(r"\b(\d{4})-\d\d-\d\d[ T]\d\d:\d\d[\d:.+]*")
_MOMENT = re.compile(r"(\d{4})-\d\d-\d\d[ T]\d\d:\d\d")
# Of several rows that PostgreSQL refuses it tells the first that it comes to.
_FAILING_ROW = re.compile(r"(?<=Failing row contains )\(.*\)", re.DOTALL)


def plain(value: Any, known_keys: Collection[int]) -> Any:
    """The value with instances as dicts of their loaded fields, exceptions as their type and text.

    `known_keys` are the keys of the seeded rows; any other key is a new row's and is masked.
    """
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {"named": tuple(zip(value._fields, plain(tuple(value), known_keys), strict=True))}
    if isinstance(value, (list, tuple, set)):
        return type(value)(plain(item, known_keys) for item in value)
    if isinstance(value, dict):
        return {plain(key, known_keys): plain(item, known_keys) for key, item in value.items()}
    if isinstance(value, BaseException):
        return {"raises": type(value).__qualname__}
    if isinstance(value, type):
        return value.__qualname__
    if hasattr(value, "_meta"):
        return _instance(value, known_keys)
    if hasattr(value, "_result_cache"):
        # Its text would send a query.
        return {"queryset": value.model._meta.label}
    return mask_scalar(value)


def mask_scalar(value: Any) -> Any:
    """Moments of the clock, and keys that a sequence gave: what differs between two runs by design."""
    if type(value) is int:
        return NEW if LAST_KEY < value < 2 * FIRST_KEY else value
    return mask_moment(value)


def mask_text(text: str) -> str:
    """A message without keys of new rows, readings of the clock, and the row of several that was refused first."""
    text = _FAILING_ROW.sub("<one of them>", text)
    text = _NUMBER.sub(lambda found: str(mask_scalar(int(found[0]))), text)
    return _LONG_MOMENT.sub(lambda found: NOW if int(found[1]) > LAST_GENERATED_YEAR else found[0], text)


def mask_moment(value: Any) -> Any:
    """A moment that no strategy generates was taken from the clock."""
    if isinstance(value, (datetime, date)):
        return NOW if value.year > LAST_GENERATED_YEAR else value
    if isinstance(value, str) and (match := _MOMENT.match(value)):
        return NOW if int(match[1]) > LAST_GENERATED_YEAR else value
    return value


def mask_key(value: Any, known_keys: Collection[int]) -> Any:
    """A key that was not seeded is a new row's: sequences go on from run to run."""
    return value if value is None or value in known_keys else NEW


def _instance(instance: Any, known_keys: Collection[int]) -> dict[str, Any]:
    deferred = instance.get_deferred_fields()
    fields: dict[str, Any] = {"model": instance._meta.label}
    for field in instance._meta.concrete_fields:
        if field.attname in deferred:
            continue
        value = getattr(instance, field.attname)
        is_key = field.primary_key or field.is_relation
        fields[field.attname] = mask_key(value, known_keys) if is_key else mask_scalar(value)
    # Annotations, and what was prefetched into attributes.
    names = {field.attname for field in instance._meta.concrete_fields}
    for name in instance.__dict__.keys() - names:
        if not name.startswith("_") and not callable(instance.__dict__[name]):
            fields[name] = plain(instance.__dict__[name], known_keys)
    fields["adding"] = instance._state.adding
    fields["using"] = instance._state.db
    return fields

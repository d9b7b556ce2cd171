"""Results as plain values, so that two runs of one program can be compared.

What differs between two runs by design is masked: keys of new rows, and moments that the code took from the clock.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from conformance.strategies.values import LAST_GENERATED_YEAR

NOW = "<now>"
NEW = "<new>"
_MOMENT = re.compile(r"(\d{4})-\d\d-\d\d[ T]\d\d:\d\d")


def plain(value: Any, known_keys: Collection[int]) -> Any:
    """The value with instances as dicts of their loaded fields, exceptions as their type and text.

    `known_keys` are the keys of the seeded rows; any other key is a new row's and is masked.
    """
    if isinstance(value, (list, tuple, set)):
        return type(value)(plain(item, known_keys) for item in value)
    if isinstance(value, dict):
        return {plain(key, known_keys): plain(item, known_keys) for key, item in value.items()}
    if isinstance(value, BaseException):
        return {"raises": type(value).__qualname__}
    if hasattr(value, "_meta"):
        return _instance(value, known_keys)
    return mask_moment(value)


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
        fields[field.attname] = mask_key(value, known_keys) if is_key else mask_moment(value)
    fields["adding"] = instance._state.adding
    fields["using"] = instance._state.db
    return fields

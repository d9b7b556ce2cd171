"""Statement parameters as plain values."""

from __future__ import annotations

from typing import Any

from conformance.checks.plain import mask_scalar

# What holds the value in the wrappers of psycopg 3 and of psycopg2: of JSON, of bytes.
_WRAPPED = {"psycopg": "obj", "psycopg2": "adapted"}


def plain_parameters(params: Any) -> Any:
    """Parameters with clock readings masked; a driver's wrappers by what is in them."""
    if params is None:
        return ()
    if isinstance(params, dict):
        return tuple(sorted((name, _plain(value)) for name, value in params.items()))
    return tuple(map(_plain, params))


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return plain_parameters(value)
    attribute = _WRAPPED.get(type(value).__module__.partition(".")[0])
    if attribute is not None and hasattr(value, attribute):
        # Two wrappers of equal values are not equal.
        return type(value).__name__, getattr(value, attribute)
    return mask_scalar(value)

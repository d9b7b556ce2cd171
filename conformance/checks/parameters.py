"""Statement parameters as plain values."""

from __future__ import annotations

from typing import Any

from conformance.checks.plain import mask_scalar

_JSON = {"Json", "Jsonb"}


def plain_parameters(params: Any) -> Any:
    """Parameters with clock readings masked; a driver's wrappers of JSON by what is in them."""
    if params is None:
        return ()
    if isinstance(params, dict):
        return tuple(sorted((name, _plain(value)) for name, value in params.items()))
    return tuple(map(_plain, params))


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return plain_parameters(value)
    if type(value).__module__.partition(".")[0] in ("psycopg", "psycopg2") and type(value).__name__ in _JSON:
        # Two wrappers of equal values are not equal. The attribute is `obj` in psycopg 3, `adapted` in psycopg2.
        return type(value).__name__, value.obj if hasattr(value, "obj") else value.adapted
    return mask_scalar(value)

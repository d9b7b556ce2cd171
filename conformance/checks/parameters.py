"""Statement parameters as plain values."""

from __future__ import annotations

from typing import Any

from conformance.checks.plain import mask_scalar


def plain_parameters(params: Any) -> Any:
    """Parameters with clock readings masked; driver wrappers (JSON, ranges) by their text."""
    if params is None:
        return ()
    if isinstance(params, dict):
        return tuple(sorted((name, mask_scalar(value)) for name, value in params.items()))
    return tuple(
        plain_parameters(value) if isinstance(value, (list, tuple)) else mask_scalar(value) for value in params
    )

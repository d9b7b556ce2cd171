"""An exception as plain data."""

from __future__ import annotations

from conformance.checks.plain import mask_text
from conformance.observations import Raised


def raised_of(error: BaseException) -> Raised:
    """The exception itself is let go: what its frames hold is then held by nobody."""
    causes: list[str] = []
    cause = error.__cause__
    while cause is not None and len(causes) < 5:
        causes.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        cause = cause.__cause__
    if error.__cause__ is None and error.__suppress_context__:
        # Raised `from None`: what it was raised for is not told.
        causes.append("nothing")
    kind = type(error)
    return Raised(f"{kind.__module__}.{kind.__qualname__}", mask_text(str(error)), tuple(causes))

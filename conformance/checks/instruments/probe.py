"""A context variable of the caller's, which travels where the caller's context does."""

from __future__ import annotations

from contextvars import ContextVar

# None outside of an observed call. Whatever runs in the caller's context adds one, so that both ways are seen.
PROBE: ContextVar[int | None] = ContextVar("conformance_probe", default=None)


def touch() -> int | None:
    """What the variable is here, which becomes one more. None where the caller's context is not seen."""
    value = PROBE.get()
    if value is not None:
        PROBE.set(value + 1)
    return value

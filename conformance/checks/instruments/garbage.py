"""The garbage collector: what only it finds is found in the call that left it, at a cost that does not grow.

A full collection looks through all that examples before this one have left alive, twice a call: of fifty examples that
was a fifth of the whole time, of three hundred a half.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# All that was made since the last collection.
_YOUNGEST = 0


def forget_garbage() -> None:
    """Collect what earlier calls have left, so that no later one is told of it."""
    with warnings.catch_warnings(record=True):
        gc.collect(_YOUNGEST)


def collect_garbage() -> None:
    """Collect all of it, however old, and tell nobody of what warns then."""
    with warnings.catch_warnings(record=True):
        gc.collect()


@contextmanager
def garbage_found() -> Iterator[None]:
    """What the block leaves to the collector is found at its end.

    The collector does not run by itself meanwhile: so what the block makes stays in the youngest generation.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.collect(_YOUNGEST)
    finally:
        if enabled:
            gc.enable()

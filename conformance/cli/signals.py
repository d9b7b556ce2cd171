"""A scheduler's SIGTERM is an interruption like Ctrl-C: workers end in good order, what was measured is reported."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Inside of the block, SIGTERM raises `KeyboardInterrupt` in the main thread."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

"""What a test left running."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Leftover:
    """A thread or a task that outlived its test."""

    kind: Literal["thread", "task"]
    name: str
    stack: str
    """Formatted as `traceback.format_stack` does, the innermost frame last, cut to the user's frames where there are
    some; empty if there is none.
    """
    held_transaction: bool = False
    """Whether a transaction was open on its connection, which the end of the sandbox has rolled back."""
    pauses: bool = False
    """Whether it was between two turns of a loop."""
    line: str = ""
    """The user's line that a thread is at, as `file:line`; empty if there is none."""

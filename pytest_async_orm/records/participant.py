"""Who takes part in a wait for a connection."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Participant:
    """A thread that holds a connection or waits for it."""

    thread_name: str
    task_name: str | None
    in_transaction: bool
    stack: str
    """Formatted as `traceback.format_stack` does, the innermost frame last; empty if the thread has ended."""
    line: str = ""
    """`file:line` of the user's code; empty if there is none on its stack and nobody noted a hand-over."""

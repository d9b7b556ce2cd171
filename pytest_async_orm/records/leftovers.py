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
    held_transaction: bool = False

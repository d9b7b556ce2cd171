"""What was not measured by the last run, but taken over from an earlier one, and when it was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance.case import Cell, Measured

_UNKNOWN = "on a day that nobody noted"


@dataclass(frozen=True)
class Reuse:
    """The cells that were taken over, out of `of`. `days` are those on which they were measured."""

    cells: tuple[Cell, ...]
    of: int
    days: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.cells)

    @property
    def is_whole(self) -> bool:
        """Whether nothing was measured anew."""
        return len(self.cells) == self.of

    @property
    def when(self) -> str:
        """`measured on 2026-11-20`, or `measured from 2026-11-20 to 2026-11-22`."""
        return f"measured {days_in_words(self.days)}"

    def __str__(self) -> str:
        """For people, on one line: a remark on a column."""
        many = "all results were" if self.is_whole else f"{len(self.cells)} of {self.of} results were"
        return f"{many} reused from an earlier run, {self.when}"


def reuse_in(attempts: Mapping[Cell, Sequence[Measured]]) -> Reuse:
    """What of these cells, each with its attempts, was taken over; false where nothing was."""
    reused = {cell: made for cell, made in attempts.items() if any(attempt.reused for attempt in made)}
    return Reuse(tuple(reused), len(attempts), days_of(attempt for made in reused.values() for attempt in made))


def days_of(attempts: Iterable[Measured]) -> tuple[str, ...]:
    """The days on which they were made, the first first; none of old files."""
    return tuple(sorted({attempt.day for attempt in attempts if attempt.day}))


def days_in_words(days: tuple[str, ...]) -> str:
    """`on 2026-11-20`, or `from 2026-11-20 to 2026-11-22`."""
    if not days:
        return _UNKNOWN
    return f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"

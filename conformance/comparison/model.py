"""A comparison, as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.environment import Environment

# Every kind of change with its heading, in the order in which people ask for them.
KINDS = {
    "right": "Became right",
    "wrong": "Became wrong",
    "appeared": "Appeared",
    "went": "Went",
    "otherwise": "Changed otherwise",
    "figures": "Same verdict, done differently",
    "measured": "Measured now, and not before",
    "unmeasured": "Measured before, and not now",
}


@dataclass(frozen=True)
class Pair:
    """The same environment on both sides, but for the versions that are compared. `label` tells it from the others."""

    label: str
    before: Environment
    after: Environment


@dataclass(frozen=True)
class CheckChange:
    """A check's verdicts, `-` where it was not selected. `counts` is False for a check that is only observed."""

    name: str
    before: str
    after: str
    counts: bool = True


@dataclass(frozen=True)
class Figure:
    """Something that was seen on both sides and differs, in words that stand alone."""

    name: str
    before: Any
    after: Any
    text: str


@dataclass(frozen=True)
class Change:
    """One kind of change of one entry, in the pairs that are named.

    `before` and `after` are the entry's verdicts, for a workaround its words. `checks` are those that changed in this
    way, `of` is how many checks the entry has. Only the kind `figures` has figures.
    """

    kind: str
    entry: str
    title: str
    area: str
    before: str
    after: str
    of: int
    checks: tuple[CheckChange, ...] = ()
    figures: tuple[Figure, ...] = ()
    pairs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """What changed from one side to the other.

    `only_before` and `only_after` are environments without a partner. `remarks` are what a reader must know before
    trusting a change. `same` counts the cells, over all pairs, that have one verdict on both sides.
    """

    pairs: tuple[Pair, ...]
    only_before: tuple[Environment, ...]
    only_after: tuple[Environment, ...]
    changes: tuple[Change, ...]
    remarks: tuple[str, ...]
    same: int

    @property
    def counts(self) -> dict[str, int]:
        """How many entries changed in each way, in the order of `KINDS`, those with none left out."""
        found = Counter(kind for kind, _ in {(change.kind, change.entry) for change in self.changes})
        return {kind: found[kind] for kind in KINDS if found[kind]}

    def of(self, kind: str) -> Iterator[tuple[str, tuple[Change, ...]]]:
        """The changes of a kind, by area, in the order of the catalogue."""
        areas: dict[str, list[Change]] = {}
        for change in self.changes:
            if change.kind == kind:
                areas.setdefault(change.area, []).append(change)
        return ((area, tuple(changes)) for area, changes in areas.items())

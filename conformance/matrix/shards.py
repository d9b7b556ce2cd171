"""A column split over several machines: the same part for the same number, on every machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance.case import Cell, ExitCode, SuiteError
from conformance.catalogue import Catalogue

_FORM = re.compile(r"(\d+)/(\d+)")


@dataclass(frozen=True, order=True)
class Shard:
    """One of `count` parts, by its number from 1 on. Text form: `2/8`."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Raises `SuiteError` (usage) for anything else than a number of a count."""
        match = _FORM.fullmatch(text)
        if not match or not 1 <= int(match[1]) <= int(match[2]):
            raise SuiteError(f"{text!r} is not a part of a whole.", "Write NUMBER/COUNT: 1/8 to 8/8.", ExitCode.USAGE)
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def of(self, cells: Sequence[Cell], catalogue: Catalogue) -> tuple[Cell, ...]:
        """The part's cells, in their order. The parts are disjoint, about equally large, and the whole together.

        The cells of an entry stay together, because its examples are run once for all of them; so do entries that
        depend on each other, because the one says whether the other is blocked.
        """
        groups = _groups(cells, catalogue)
        mine = {entry for entries in _shared_out(groups, self.count)[self.number - 1] for entry in entries}
        return tuple(cell for cell in cells if cell.entry in mine)


def _groups(cells: Iterable[Cell], catalogue: Catalogue) -> dict[tuple[str, ...], int]:
    """Entries that stay together, with the number of their cells."""
    sizes: dict[str, int] = {}
    for cell in cells:
        sizes[cell.entry] = sizes.get(cell.entry, 0) + 1
    leader = {entry: entry for entry in sizes}
    for entry in sizes:
        for other in catalogue.entry(entry).depends_on:
            if other in sizes:
                old, new = leader[entry], leader[other]
                leader.update({each: new for each, its in leader.items() if its == old})
    members: dict[str, list[str]] = {}
    for entry in sizes:
        members.setdefault(leader[entry], []).append(entry)
    return {tuple(entries): sum(sizes[entry] for entry in entries) for entries in members.values()}


def _shared_out(groups: Mapping[tuple[str, ...], int], count: int) -> list[list[tuple[str, ...]]]:
    """The largest first, each to the part that has least: neighbours, which cost much alike, come apart."""
    parts: list[list[tuple[str, ...]]] = [[] for _ in range(count)]
    loads = [0] * count
    for group in sorted(groups, key=lambda group: -groups[group]):
        least = loads.index(min(loads))
        parts[least].append(group)
        loads[least] += groups[group]
    return parts

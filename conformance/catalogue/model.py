"""Entries and claims, as plain data."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from conformance.case import Cell, ExitCode, SuiteError, matches

# What entries and claims cite of the source text, which does not come with the suite.
SOURCE_TEXT = "spec/systems.md"
# So many names are suggested for one that does not exist, and none that has less in common with it: 1 is all.
_NEAREST = 3
_ALIKE = 0.6


@dataclass(frozen=True)
class Kill:
    """A planted defect that a check must notice, and the verdict that it must then give."""

    defect: str
    verdict: str


@dataclass(frozen=True)
class Check:
    """One named check of an entry: the oracles that it asks, the evidence it needs, the defects that it kills."""

    name: str
    oracles: tuple[str, ...]
    kills: tuple[Kill, ...]
    must_observe: tuple[str, ...]
    # Whether a bad verdict counts against the entry: a judge may only observe.
    counts: bool = True


@dataclass(frozen=True)
class Operation:
    """What a generic experiment calls: on which kind of target, by which synchronous name, with which arguments."""

    on: str
    call: str
    arguments: str = "none"


@dataclass(frozen=True)
class Judged:
    """An entry that an experiment measures: all judges look at it, but for those `without`, each with its reason.

    `operation` is None where the experiment is code of its own. Judges that it `observes`, each with its reason, look
    at it and do not count: the documentation promises nothing there.
    """

    operation: Operation | None = None
    writes: bool = False
    modelled: bool = False
    without: tuple[tuple[str, str], ...] = ()
    observes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class CatalogueEntry:
    """One capability. Its id is permanent.

    `since` is the first Django series that documents it, `until` the first that no longer does.
    `documented` is what the documentation says of it inside that window: it `works`, or it `refuses`.
    """

    id: str
    area: str
    subject: str
    title: str
    level: str
    stage: str
    documented: str
    spec: tuple[str, ...]
    checks: tuple[Check, ...]
    isolation: str
    since: str | None = None
    until: str | None = None
    judged: Judged | None = None
    requires: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    safe_alternative: str = ""
    # Of all that is measured of it: where this is the same, so is what its checks ask.
    digest: str = ""

    @property
    def gates(self) -> bool:
        """Whether a bad verdict of this entry is a regression."""
        return self.level != "observe" and self.stage == "required"

    def gates_by(self, check: str) -> bool:
        """Whether a bad verdict of this check is a regression."""
        return self.gates and all(each.counts for each in self.checks if each.name == check)

    def why_not_gating(self, check: str) -> str:
        """Why a bad verdict of this check is no regression; empty if it is one."""
        if self.level == "observe":
            return "its entry has the level `observe`"
        if self.stage != "required":
            return f"its entry is {self.stage}"
        if self.gates_by(check):
            return ""
        reasons = dict(self.judged.observes) if self.judged else {}
        return reasons.get(check) or "the check is only observed: nothing promises what it asks"

    def is_documented_in(self, django_series: str) -> bool:
        """Whether the documentation of that Django series promises this entry."""
        series = _key(django_series)
        return (self.since is None or series >= _key(self.since)) and (self.until is None or series < _key(self.until))


@dataclass(frozen=True)
class Measurement:
    """The checks of one entry that answer a claim; no checks named means all of them."""

    entry: str
    checks: tuple[str, ...]


@dataclass(frozen=True)
class Claim:
    """A sentence of the source text, in our own words, and the verdicts that it predicts.

    It holds in an environment where the worst verdict of its measurements is one of `predicts`.
    """

    id: str
    says: str
    predicts: tuple[str, ...]
    measured_by: tuple[Measurement, ...]


@dataclass(frozen=True)
class Catalogue:
    """Every entry and claim, in the order of the files, and the hash of the entries' content."""

    entries: tuple[CatalogueEntry, ...]
    claims: tuple[Claim, ...]
    hash: str

    def entry(self, entry_id: str) -> CatalogueEntry:
        """Raises `SuiteError` (usage) with the nearest ids for one that does not exist."""
        if entry_id not in self._by_id:
            raise _unknown("entry", entry_id, list(self._by_id))
        return self._by_id[entry_id]

    @cached_property
    def _by_id(self) -> dict[str, CatalogueEntry]:
        return {entry.id: entry for entry in self.entries}

    def check(self, cell: Cell) -> Check:
        """Raises `SuiteError` (usage) for an unknown entry or check."""
        entry = self.entry(cell.entry)
        for check in entry.checks:
            if check.name == cell.check:
                return check
        raise _unknown(f"check of {entry.id}", cell.check, [check.name for check in entry.checks])

    def cells(self) -> Iterator[Cell]:
        """Every cell, entries after the entries that they depend on."""
        depths: dict[str, int] = {}
        for entry in sorted(self.entries, key=lambda entry: self._depth(entry, depths)):
            if entry.stage != "retired":
                yield from (Cell(entry.id, check.name) for check in entry.checks)

    def cells_of(self, claim: Claim) -> Iterator[Cell]:
        """The cells whose verdicts answer the claim: those that it names, else all that count against the entry.

        What is only observed refutes nothing: `acount` works without a docstring of its own.
        """
        for measurement in claim.measured_by:
            checks = self.entry(measurement.entry).checks
            counting = tuple(check.name for check in checks if check.counts) or tuple(check.name for check in checks)
            yield from (Cell(measurement.entry, name) for name in measurement.checks or counting)

    def select(self, patterns: tuple[str, ...]) -> tuple[Cell, ...]:
        """The cells of the named entries (`queryset.acount`), areas (`queryset`) or cells (`queryset.acount:sql`).

        `*` stands for a whole segment, as the last one for one or more. Raises `SuiteError` (usage) for a name that
        matches nothing.
        """
        cells = tuple(self.cells())
        if not patterns:
            return cells
        chosen: set[Cell] = set()
        for pattern in patterns:
            found = {cell for cell in cells if _matches(pattern, cell)}
            if not found:
                raise _unknown("entry, area or check", pattern, _names(cells))
            chosen |= found
        return tuple(cell for cell in cells if cell in chosen)

    def _depth(self, entry: CatalogueEntry, known: dict[str, int]) -> int:
        if entry.id not in known:
            below = (self._depth(self.entry(name), known) for name in entry.depends_on)
            known[entry.id] = 1 + max(below, default=0)
        return known[entry.id]


def _matches(pattern: str, cell: Cell) -> bool:
    entry, _, check = pattern.partition(":")
    if check not in ("", cell.check):
        return False
    return matches(entry, cell.entry) or (not check and matches(f"{entry}.*", cell.entry))


def _key(series: str) -> tuple[int, ...]:
    return tuple(int(part) for part in series.split("."))


def _names(cells: tuple[Cell, ...]) -> list[str]:
    """All that stands for some cells: entries first, since most who mistype one want its entry."""
    entries = list(dict.fromkeys(cell.entry for cell in cells))
    areas = (entry.rsplit(".", count)[0] for entry in entries for count in range(1, entry.count(".") + 1))
    return [*entries, *dict.fromkeys(areas), *map(str, cells)]


def _parts(name: str) -> int:
    return name.count(".")


def _near(name: str, known: list[str]) -> list[str]:
    """Those that have the name as their last part, such as `queryset.acount` for `acount`, or else look like it."""
    last = sorted((each for each in known if each.endswith((f".{name}", f":{name}"))), key=_parts)
    return last[:_NEAREST] or difflib.get_close_matches(name, known, n=_NEAREST, cutoff=_ALIKE)


def _unknown(kind: str, name: str, known: list[str]) -> SuiteError:
    near = _near(name, known)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    return SuiteError(
        f"There is no {kind} called {name!r}.",
        f"{hint}`async-orm-conformance list` prints every id.",
        ExitCode.USAGE,
    )

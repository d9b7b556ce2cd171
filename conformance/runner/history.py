"""Measure exact releases until every change of a verdict lies between two neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from conformance.case import Cell
from conformance.catalogue import Catalogue, CatalogueEntry
from conformance.history import EntryHistory, HistoryLine, at_most, measured_releases, next_releases
from conformance.history.kept import entry_verdicts
from conformance.matrix import DATABASES, Column, DjangoRelease, django_release
from conformance.results import read_results
from conformance.runner.job import Job, Outcome
from conformance.runner.matrix import Matrix, MatrixListener
from conformance.runner.plan import MatrixPlan
from conformance.runner.profiles import Profile


class HistoryListener(MatrixListener, Protocol):
    """Told how the search comes along."""

    def round(self, releases: Sequence[str], left: int) -> None:
        """These releases are measured next; `left` more may have to be, these included."""


@dataclass(frozen=True)
class HistoryPlan(MatrixPlan):
    """A matrix in which every column has cells of its own."""

    chosen: Mapping[Column, tuple[Cell, ...]] = field(default_factory=dict)

    def job(self, column: Column, python: str) -> Job:
        """What a column asks of one environment."""
        return replace(super().job(column, python), cells=self.chosen[column])


@dataclass(frozen=True)
class HistorySearch:
    """The cells of some entries over the releases of a line. `results` is the folder below which it is kept."""

    line: HistoryLine
    releases: tuple[str, ...]
    cells: tuple[Cell, ...]
    catalogue: Catalogue
    profile: Profile
    seed: int
    results: Path
    environments: Path
    packages: Path
    workers: int = 0
    timeout: float | None = None
    every: bool = False
    # By entry, and by release: why there is no answer.
    failed: dict[str, dict[str, str]] = field(default_factory=dict)

    def run(self, listener: HistoryListener) -> None:
        """Measure what is missing. Every result is kept as it comes, so that the next call goes on from there.

        Raises `SuiteError` if results cannot be written.
        """
        known = self.histories()
        while wanted := self._wanted(known):
            left = max(at_most(self.releases, each.outcomes, every=self.every) for each in known)
            listener.round(tuple(wanted), max(left, len(wanted)))
            outcomes = self._measure(wanted, listener)
            known = self.histories()
            self._note(known, outcomes, wanted)

    def histories(self) -> tuple[EntryHistory, ...]:
        """What is known of each entry by now, in the order in which they were asked for."""
        found = measured_releases(self.line, self.results, self.catalogue, seed=self.seed, profile=self.profile.name)
        return tuple(
            EntryHistory(
                entry,
                self.line,
                self.releases,
                self._of(entry_verdicts(found, cells)),
                self.failed.setdefault(entry.id, {}),
            )
            for entry, cells in self._entries().items()
        )

    def _of(self, verdicts: Mapping[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        return {version: each for version, each in verdicts.items() if version in self.releases}

    def _entries(self) -> dict[CatalogueEntry, tuple[Cell, ...]]:
        entries: dict[str, list[Cell]] = {}
        for cell in self.cells:
            entries.setdefault(cell.entry, []).append(cell)
        return {self.catalogue.entry(name): tuple(cells) for name, cells in entries.items()}

    def _wanted(self, known: Sequence[EntryHistory]) -> dict[str, tuple[Cell, ...]]:
        """By release the cells that have to be measured in it."""
        wanted: dict[str, list[Cell]] = {}
        for history, cells in zip(known, self._entries().values(), strict=True):
            for version in next_releases(self.releases, history.outcomes, every=self.every):
                wanted.setdefault(version, []).extend(cells)
        return {version: tuple(wanted[version]) for version in self.releases if version in wanted}

    def _measure(self, wanted: Mapping[str, tuple[Cell, ...]], listener: HistoryListener) -> dict[str, Outcome]:
        columns = {self._column(version): version for version in wanted}
        plan = HistoryPlan(
            columns=tuple(columns),
            cells=self.cells,
            profile=self.profile,
            seed=self.seed,
            results=self.line.folder(self.results),
            environments=self.environments,
            packages=self.packages,
            workers=self.workers,
            timeout=self.timeout,
            chosen={column: wanted[version] for column, version in columns.items()},
        )
        outcomes = Matrix(plan, listener).run()
        return {columns[column]: outcome for column, outcome in outcomes.items()}

    def _note(
        self,
        known: Sequence[EntryHistory],
        outcomes: Mapping[str, Outcome],
        wanted: Mapping[str, tuple[Cell, ...]],
    ) -> None:
        """Without an answer a release is left out, or it would be asked for again."""
        for history in known:
            for version, outcome in outcomes.items():
                asked = any(cell.entry == history.entry.id for cell in wanted[version])
                if asked and version not in history.verdicts:
                    why = " ".join(outcome.problem.split()) or _broken(outcome, wanted[version])
                    self.failed[history.entry.id][version] = why

    def _column(self, version: str) -> Column:
        asgiref = version if self.line.package == "asgiref" else ""
        return Column(exact_release(self.line.django or version), DATABASES[self.line.database], asgiref)


def _broken(outcome: Outcome, cells: Sequence[Cell]) -> str:
    """What the suite itself said where it failed."""
    results = read_results(outcome.path) if outcome.path else None
    found = (results.last(cell) for cell in cells) if results else ()
    said = next((each.failure.message for each in found if each is not None and each.failure is not None), "")
    return said or "there is no answer for every check"


def exact_release(version: str) -> DjangoRelease:
    """The release `5.1` where `django_release` means the newest of its series."""
    numbers = version if version.count(".") > 1 else f"{version}.0"
    return DjangoRelease(version, f"Django=={version}", django_release(numbers).pythons)

"""What was measured of exact releases, as it is kept below a results folder: ordinary result files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conformance.case import Cell, SuiteError
from conformance.catalogue import Catalogue, CatalogueEntry
from conformance.catalogue.words import entry_word
from conformance.history.ranges import Range, ranges_of
from conformance.history.releases import PACKAGES, kept_releases, version_key
from conformance.matrix import DATABASES
from conformance.results import Results, read_folder

FOLDER = "history"
_NO_ANSWER = frozenset({"unknown", "setup_error", "harness_error"})


@dataclass(frozen=True)
class HistoryLine:
    """What is held fixed while releases of `package` are measured: a database and, for asgiref, an exact Django."""

    package: str
    database: str
    django: str = ""

    @property
    def title(self) -> str:
        """For people: `asgiref with Django 4.2.30 on SQLite`."""
        known = DATABASES.get(self.database)
        fixed = f" with Django {self.django}" if self.django else ""
        return f"{PACKAGES[self.package]}{fixed} on {known.title if known else self.database}"

    def folder(self, results: Path) -> Path:
        """Where its results are kept."""
        words = (self.package, *(("django", self.django) if self.django else ()), self.database)
        return results / FOLDER / "-".join(words)

    @classmethod
    def of(cls, folder: Path) -> HistoryLine | None:
        """The line that a folder below `history` is for; None if it is for none."""
        match folder.name.split("-"):
            case ["asgiref", "django", django, *database] if database:
                return cls("asgiref", "-".join(database), django)
            case ["django", *database] if database:
                return cls("django", "-".join(database))
        return None


@dataclass(frozen=True)
class EntryHistory:
    """An entry over releases: by release, the verdict of each check, all of them measured.

    `failed` says of releases why they could not be measured.
    """

    entry: CatalogueEntry
    line: HistoryLine
    releases: tuple[str, ...]
    verdicts: Mapping[str, Mapping[str, str]]
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def outcomes(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """What has to be equal for two releases to be alike: every check's verdict, or that there is none."""
        measured = {version: tuple(sorted(found.items())) for version, found in self.verdicts.items()}
        return {**dict.fromkeys(self.failed, ()), **measured}

    @property
    def ranges(self) -> tuple[Range, ...]:
        """The entry's verdict by release, for a workaround its word."""
        return ranges_of(self.releases, {version: self.word(version) for version in self.verdicts})

    @property
    def checks(self) -> dict[str, tuple[Range, ...]]:
        """The ranges of each check, in the order of the catalogue."""
        names = [check.name for check in self.entry.checks]
        return {
            name: ranges_of(self.releases, {version: each[name] for version, each in self.verdicts.items()})
            for name in names
            if all(name in each for each in self.verdicts.values())
        }

    def word(self, version: str) -> str:
        """The entry's verdict in a release."""
        return entry_word(self.entry, self.verdicts[version])


def measured_releases(
    line: HistoryLine, results: Path, catalogue: Catalogue, *, seed: int, profile: str
) -> dict[str, Results]:
    """What is kept of a line in the very same kind of run, by release."""
    found = (
        part
        for part in _read(line.folder(results))
        if (part.catalogue, part.seed, part.profile) == (catalogue.hash, seed, profile)
    )
    ordered = sorted(found, key=lambda part: part.environment.version_key)
    return {getattr(part.environment, line.package): part for part in ordered}


def entry_verdicts(found: Mapping[str, Results], cells: Iterable[Cell]) -> dict[str, dict[str, str]]:
    """By release the verdict of each check, for the releases in which every one of the cells has an answer."""
    wanted = tuple(cells)
    verdicts = {
        version: {cell.check: results.verdict(cell).name for cell in wanted} for version, results in found.items()
    }
    return {version: each for version, each in verdicts.items() if not _NO_ANSWER.intersection(each.values())}


def histories(results: Path, catalogue: Catalogue) -> Iterator[EntryHistory]:
    """Every entry of which more than one release is kept, line by line, for a report.

    Runs of another catalogue are left out; of several profiles or seeds, the one with the most releases counts.
    """
    for folder in sorted((results / FOLDER).glob("*")):
        line = HistoryLine.of(folder)
        if line is not None:
            releases = kept_releases(line.package, results / FOLDER, django=line.django)
            yield from _of_line(line, releases, _read(folder), catalogue)


def _of_line(
    line: HistoryLine, releases: Sequence[str], parts: list[Results], catalogue: Catalogue
) -> Iterator[EntryHistory]:
    runs: dict[tuple[str, int], dict[str, Results]] = {}
    for part in sorted(parts, key=lambda part: part.environment.version_key):
        if part.catalogue == catalogue.hash:
            runs.setdefault((part.profile, part.seed), {})[getattr(part.environment, line.package)] = part
    for entry in catalogue.entries:
        verdicts = max((_planned_verdicts(found, entry) for found in runs.values()), key=len, default={})
        if len(verdicts) > 1:
            ordered = sorted({*releases, *verdicts}, key=version_key)
            yield EntryHistory(entry, line, tuple(ordered), verdicts)


def _planned_verdicts(found: Mapping[str, Results], entry: CatalogueEntry) -> dict[str, dict[str, str]]:
    """Of the checks that were planned wherever the entry was."""
    cells = {Cell(entry.id, check.name) for check in entry.checks}
    planned = {version: part for version, part in found.items() if part.planned_cells & cells}
    for part in planned.values():
        cells &= part.planned_cells
    return entry_verdicts(planned, cells) if cells else {}


def _read(folder: Path) -> list[Results]:
    try:
        return read_folder(folder) if folder.is_dir() else []
    except SuiteError:
        return []  # nothing is kept yet, or what is kept is measured anew

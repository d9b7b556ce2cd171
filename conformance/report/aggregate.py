"""Put results and catalogue together: the one place where verdicts of checks become verdicts of entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from conformance.case import Cell, Verdict, worst
from conformance.case.verdict import SEVERITY
from conformance.catalogue import Catalogue, CatalogueEntry
from conformance.catalogue.words import word_of
from conformance.history import EntryHistory
from conformance.report.claims import ClaimRow, claim_rows
from conformance.report.columns import CheckResult, ReportColumn, columns_of
from conformance.report.legend import Mark, look_of
from conformance.report.reuse import Reuse, reuse_in
from conformance.results import Results

# Also where there are none: zero is an answer.
ALWAYS_COUNTED = ("silent", "pass")


@dataclass(frozen=True)
class EntryResult:
    """An entry in one environment.

    `verdict` is None where no check of it was selected: nothing is said, least of all `pass`. `checks` pairs every
    check's name with its result, None for one that was not selected.
    """

    entry: CatalogueEntry
    column: ReportColumn
    verdict: Verdict | None
    checks: tuple[tuple[str, CheckResult | None], ...]

    @property
    def selected(self) -> int:
        """How many of the entry's checks were selected."""
        return sum(check is not None for _, check in self.checks)

    @property
    def whole(self) -> bool:
        """Whether every check was selected."""
        return self.selected == len(self.checks)

    @property
    def outcome(self) -> str:
        """The verdict's name, for a workaround its word; empty where nothing was selected."""
        if self.verdict is None:
            return ""
        if self.entry.subject != "workaround":
            return self.verdict.name
        return word_of(self.entry, {name: str(check.verdict) for name, check in self.checks if check is not None})

    @property
    def reuse(self) -> Reuse:
        """What of it was taken over from an earlier run."""
        return reuse_in({check.cell: check.attempts for _, check in self.checks if check is not None})

    @property
    def mark(self) -> Mark | None:
        """How it is shown: as its verdict, a workaround as its word; None where nothing was selected."""
        return look_of(self.outcome, is_word=self.entry.subject == "workaround") if self.outcome else None

    @property
    def decisive(self) -> CheckResult | None:
        """The check whose verdict the entry has: the first of the worst that count."""
        counted = {check.name for check in self.entry.checks if check.counts}
        found = [check for name, check in self.checks if check is not None and name in counted]
        found = found or [check for _, check in self.checks if check is not None]
        return min(found, key=lambda check: check.verdict.rank, default=None)


@dataclass(frozen=True)
class Row:
    """An entry over all environments, in the order of the columns."""

    entry: CatalogueEntry
    results: tuple[EntryResult, ...]

    @property
    def is_workaround(self) -> bool:
        """Whether it has a word instead of a verdict."""
        return self.entry.subject == "workaround"

    @property
    def selected(self) -> bool:
        """Whether any environment selected the entry."""
        return any(result.verdict is not None for result in self.results)


@dataclass(frozen=True)
class Counts:
    """How often each verdict stands, out of `of` (entry, environment) pairs that were selected."""

    found: Mapping[str, int]
    of: int

    def __getitem__(self, name: str) -> int:
        return self.found.get(name, 0)

    @property
    def present(self) -> tuple[tuple[str, int], ...]:
        """From worst to best, what was found; `silent` and `pass` always, because zero is an answer there."""
        return tuple((name, self[name]) for name in SEVERITY if self[name] or name in ALWAYS_COUNTED)


@dataclass(frozen=True)
class Report:
    """Everything that any format shows."""

    catalogue: Catalogue
    columns: tuple[ReportColumn, ...]
    rows: tuple[Row, ...]
    claims: tuple[ClaimRow, ...]
    # What is kept of exact releases, by entry.
    histories: Mapping[str, tuple[EntryHistory, ...]] = field(default_factory=dict)

    @property
    def databases(self) -> tuple[tuple[str, tuple[ReportColumn, ...]], ...]:
        """The columns, by the vendor of their database."""
        grouped = groupby(self.columns, key=lambda column: column.environment.vendor)
        return tuple((vendor, tuple(columns)) for vendor, columns in grouped)

    @property
    def series(self) -> tuple[str, ...]:
        """The Django series, the oldest first."""
        ordered = sorted(self.columns, key=lambda column: column.environment.version_key)
        return tuple(dict.fromkeys(column.series for column in ordered))

    @property
    def areas(self) -> tuple[tuple[str, tuple[Row, ...]], ...]:
        """The rows by area, areas in the order in which the catalogue first names them."""
        areas: dict[str, list[Row]] = {}
        for row in self.rows:
            areas.setdefault(row.entry.area, []).append(row)
        return tuple((area, tuple(rows)) for area, rows in areas.items())

    @property
    def unselected(self) -> int:
        """How many entries no environment selected."""
        return sum(not row.selected for row in self.rows)

    @property
    def has_parts(self) -> bool:
        """Whether somewhere only some checks of an entry were selected."""
        return any(result.verdict and not result.whole for row in self.rows for result in row.results)

    @property
    def remarks(self) -> tuple[tuple[ReportColumn, str], ...]:
        """What a reader must know before trusting a column: that it is partial, of another catalogue, or reused."""
        return tuple((column, remark) for column in self.columns for remark in self._remarks(column))

    @property
    def remarks_by_text(self) -> tuple[tuple[str, tuple[ReportColumn, ...]], ...]:
        """Each remark once, with the columns that it is about."""
        found: dict[str, list[ReportColumn]] = {}
        for column, remark in self.remarks:
            found.setdefault(remark, []).append(column)
        return tuple((remark, tuple(columns)) for remark, columns in found.items())

    def _remarks(self, column: ReportColumn) -> Iterator[str]:
        if column.partial:
            yield f"partial, {column.missing} of {len(column.results.planned)} results are missing"
        if column.results.catalogue != self.catalogue.hash:
            yield "measured with another catalogue than the one shown"
        if column.reuse:
            yield str(column.reuse)
        if strangers := self.strangers(column):
            yield f"{len(strangers)} of {len(column.checks)} results are for checks that this catalogue does not have"

    def counts(self, columns: Iterable[ReportColumn] | None = None, *, workarounds: bool = True) -> Counts:
        """The counts over some columns; by default over all. Workarounds have words, and may be left out."""
        wanted = {column.id for column in (self.columns if columns is None else columns)}
        results = (result for row in self.rows if workarounds or not row.is_workaround for result in row.results)
        found = Counter(result.verdict.name for result in results if result.verdict and result.column.id in wanted)
        return Counts(found, found.total())

    def words(self) -> Counts:
        """How often each word stands, out of the (workaround, environment) pairs that were selected."""
        rows = (row for row in self.rows if row.is_workaround)
        found = Counter(result.outcome for row in rows for result in row.results if result.outcome)
        return Counts(found, found.total())

    def strangers(self, column: ReportColumn) -> tuple[Cell, ...]:
        """Planned cells that this catalogue does not have, so that no row shows them."""
        known = {Cell(row.entry.id, check.name) for row in self.rows for check in row.entry.checks}
        return tuple(sorted(cell for cell in column.checks if cell not in known))


def tabulate(results: Sequence[Results], catalogue: Catalogue, histories: Iterable[EntryHistory] = ()) -> Report:
    """Results in any order, several files of one environment allowed, against the catalogue that they answer.

    A retired entry has a row only where some environment still selected it.
    """
    columns = columns_of(results)
    rows = (Row(entry, tuple(_entry_result(entry, column) for column in columns)) for entry in catalogue.entries)
    shown = tuple(row for row in rows if row.selected or row.entry.stage != "retired")
    by_entry: dict[str, tuple[EntryHistory, ...]] = {}
    for history in histories:
        by_entry[history.entry.id] = (*by_entry.get(history.entry.id, ()), history)
    return Report(catalogue, columns, shown, claim_rows(catalogue, columns), by_entry)


def _entry_result(entry: CatalogueEntry, column: ReportColumn) -> EntryResult:
    checks = tuple((check.name, column.checks.get(Cell(entry.id, check.name))) for check in entry.checks)
    measured = [(each.counts, found.verdict) for each, (_, found) in zip(entry.checks, checks, strict=True) if found]
    # What is only observed says nothing of whether the entry is right; where nothing else was selected, it is all.
    verdicts = [verdict for counts, verdict in measured if counts] or [verdict for _, verdict in measured]
    return EntryResult(entry, column, worst(verdicts) if verdicts else None, checks)

"""What went wrong with an entry, each told once for all environments in which it was seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

from conformance.case import Failure
from conformance.findings import DjangoFinding, load_findings
from conformance.report.aggregate import Row
from conformance.report.columns import CheckResult, ReportColumn


@dataclass(frozen=True)
class GroupedResult:
    """A failure, or else a reason, of the named checks. `shown` is the newest result that has it; `columns` are all.

    `counts` says whether one of the checks counts against the entry.
    """

    checks: tuple[str, ...]
    shown: CheckResult
    columns: tuple[ReportColumn, ...]
    counts: bool = True

    @property
    def known(self) -> DjangoFinding | None:
        """What is known to be wrong in Django and explains it."""
        newest = max(self.columns, key=lambda column: column.environment.version_key)
        cell, verdict = self.shown.cell, self.shown.verdict.name
        return load_findings().explaining(str(cell), verdict, newest.environment)

    @property
    def failure(self) -> Failure | None:
        """What went wrong; None where there is a reason only."""
        return self.shown.measured.failure if self.shown.measured else None

    @property
    def reason(self) -> str:
        """Why there is no better verdict."""
        return self.shown.measured.reason if self.shown.measured else "The run ended before this check."

    def is_of(self, check: CheckResult) -> bool:
        """Whether it tells of this result."""
        return _key(check) == _key(self.shown)


def grouped(row: Row) -> tuple[GroupedResult, ...]:
    """Every failure and every reason, what counts before what is only observed, and the worst first.

    What several checks or environments share is told once.
    """
    found: dict[object, list[tuple[ReportColumn, CheckResult]]] = {}
    for result in row.results:
        for check in (check for _, check in result.checks if check is not None):
            if check.verdict.name != "pass":
                found.setdefault(_key(check), []).append((result.column, check))
    counting = {check.name for check in row.entry.checks if check.counts}
    groups = (_grouped(group, counting) for group in found.values())
    return tuple(sorted(groups, key=lambda group: (not group.counts, group.shown.verdict.rank)))


def _grouped(group: list[tuple[ReportColumn, CheckResult]], counting: set[str]) -> GroupedResult:
    # The newest environment's: its code is what a reader can run today.
    _, shown = max(group, key=lambda pair: pair[0].environment.version_key)
    columns = {column.id: column for column, _ in group}
    names = tuple(dict.fromkeys(check.cell.check for _, check in group))
    return GroupedResult(names, shown, tuple(columns.values()), bool(counting & {*names}))


def _key(check: CheckResult) -> object:
    measured = check.measured
    if measured is None or measured.failure is None:
        return str(check.verdict), measured.reason if measured else ""
    return check.cell.check, str(check.verdict), _told(measured.failure)


def _told(failure: Failure) -> Failure:
    """What a reader sees, without what differs from environment to environment by itself."""
    return replace(failure, reproduce="", script="", stack="", server="", sql=(), twin_sql=())

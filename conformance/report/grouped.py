"""What went wrong with an entry, each told once for all environments in which it was seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

from conformance.case import Failure
from conformance.report.aggregate import Row
from conformance.report.columns import CheckResult, ReportColumn


@dataclass(frozen=True)
class GroupedResult:
    """A failure, or else a reason, of the named checks. `shown` is the newest result that has it; `columns` are all."""

    checks: tuple[str, ...]
    shown: CheckResult
    columns: tuple[ReportColumn, ...]

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
    """Every failure and every reason, the worst first; what several checks or environments share is told once."""
    found: dict[object, list[tuple[ReportColumn, CheckResult]]] = {}
    for result in row.results:
        for check in (check for _, check in result.checks if check is not None):
            if check.verdict.name != "pass":
                found.setdefault(_key(check), []).append((result.column, check))
    return tuple(sorted(map(_finding, found.values()), key=lambda finding: finding.shown.verdict.rank))


def _finding(group: list[tuple[ReportColumn, CheckResult]]) -> GroupedResult:
    # The newest environment's: its code is what a reader can run today.
    _, shown = max(group, key=lambda pair: pair[0].environment.version_key)
    columns = {column.id: column for column, _ in group}
    return GroupedResult(tuple(dict.fromkeys(check.cell.check for _, check in group)), shown, tuple(columns.values()))


def _key(check: CheckResult) -> object:
    measured = check.measured
    if measured is None or measured.failure is None:
        return str(check.verdict), measured.reason if measured else ""
    return check.cell.check, str(check.verdict), _told(measured.failure)


def _told(failure: Failure) -> Failure:
    """What a reader sees, without what differs from environment to environment by itself."""
    return replace(failure, reproduce="", script="", stack="", server="", sql=(), twin_sql=())

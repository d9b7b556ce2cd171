"""What is slow and what is flaky, so that it can be looked at."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.report.aggregate import Report
from conformance.report.columns import CheckResult, ReportColumn

MOST = 50


@dataclass(frozen=True)
class Slow:
    """A cell with what its attempts took, in milliseconds."""

    column: ReportColumn
    check: CheckResult
    milliseconds: float


def slowest(report: Report) -> tuple[Slow, ...]:
    """The cells that took longest, the slowest first. Of an entry the first judge pays for the examples of all."""
    every = (
        Slow(column, check, sum(attempt.duration_ms for attempt in check.attempts))
        for column in report.columns
        for check in column.checks.values()
    )
    ordered = sorted(every, key=lambda slow: (-slow.milliseconds, str(slow.check.cell), slow.column.id))
    return tuple(slow for slow in ordered[:MOST] if slow.milliseconds)


def flaky(report: Report) -> tuple[tuple[ReportColumn, CheckResult], ...]:
    """Every cell whose attempts differ."""
    return tuple(
        (column, check)
        for column in report.columns
        for _, check in sorted(column.checks.items())
        if check.verdict.name == "flaky"
    )


def seconds(column: ReportColumn) -> float:
    """What all attempts in an environment took together."""
    return sum(attempt.duration_ms for check in column.checks.values() for attempt in check.attempts) / 1000

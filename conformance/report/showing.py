"""The code that was run: an ordinary example of each check that has one, told once where environments agree."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.case import Shown
from conformance.report.aggregate import Row
from conformance.report.columns import ReportColumn


@dataclass(frozen=True)
class Example:
    """An example, the check that it stands with, and the columns in which it was this one, the newest last."""

    check: str
    shown: Shown
    columns: tuple[ReportColumn, ...]


def examples_shown(row: Row) -> tuple[Example, ...]:
    """Every example, checks in their order, of each check that of the newest environment first."""
    found: dict[tuple[str, Shown], list[ReportColumn]] = {}
    for result in row.results:
        for name, check in result.checks:
            shown = check.measured.shown if check and check.measured else None
            if shown is not None and shown.code:
                found.setdefault((name, shown), []).append(result.column)
    names = [check.name for check in row.entry.checks]
    every = [Example(name, shown, tuple(columns)) for (name, shown), columns in found.items()]
    newest_first = sorted(every, key=lambda example: _newest(example.columns), reverse=True)
    return tuple(sorted(newest_first, key=lambda example: names.index(example.check)))


def sources_shown(row: Row) -> tuple[str, ...]:
    """The code of a workaround, as it was measured."""
    every = (check.measured for result in row.results for _, check in result.checks if check is not None)
    shown = (measured.shown for measured in every if measured is not None)
    return tuple(dict.fromkeys(each.source for each in shown if each is not None and each.source))


def _newest(columns: tuple[ReportColumn, ...]) -> tuple[object, ...]:
    return max(column.environment.version_key for column in columns)

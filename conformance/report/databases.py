"""What is different on one database from what it is on the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.report.aggregate import EntryResult, Report, Row
from conformance.report.columns import ReportColumn


@dataclass(frozen=True)
class Difference:
    """An entry on a release of Django where this database stands apart: its outcome, and what the others have."""

    row: Row
    result: EntryResult
    others: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Database:
    """A vendor's columns, and the differences by Django series, the newest first."""

    name: str
    vendor: str
    columns: tuple[ReportColumn, ...]
    differences: tuple[tuple[str, tuple[Difference, ...]], ...]


def databases(report: Report) -> tuple[Database, ...]:
    """Every database in the order of the columns."""
    return tuple(_database(report, vendor, columns) for vendor, columns in report.databases)


def _database(report: Report, vendor: str, columns: tuple[ReportColumn, ...]) -> Database:
    newest = {column.series: column for column in columns}
    series = sorted(newest, key=lambda name: newest[name].environment.version_key, reverse=True)
    found = ((name, tuple(_differences(report, newest[name]))) for name in series)
    return Database(columns[0].environment.database, vendor, columns, tuple(pair for pair in found if pair[1]))


def _differences(report: Report, column: ReportColumn) -> Iterator[Difference]:
    """Where no other database has the outcome of this one, on the same series of Django."""
    for row in report.rows:
        own = next(result for result in row.results if result.column.id == column.id)
        others = [
            result
            for result in row.results
            if result.column.series == column.series and result.column.environment.vendor != column.environment.vendor
        ]
        told = [(result.column.environment.database, result.outcome) for result in others if result.outcome]
        if own.outcome and told and own.outcome not in {outcome for _, outcome in told}:
            yield Difference(row, own, tuple(Counter(told)))

"""How an operation runs: the evidence of all environments, put together where it agrees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.catalogue import JUDGES
from conformance.report.aggregate import EntryResult, Report, Row
from conformance.report.clean import clean_value
from conformance.report.columns import ReportColumn


@dataclass(frozen=True)
class Observation:
    """One value that a check observed, and the columns in which it did."""

    check: str
    name: str
    value: Any
    columns: tuple[ReportColumn, ...]
    everywhere: bool


def observations(row: Row) -> tuple[Observation, ...]:
    """What the checks of an entry observed, one item a distinct value, so that what differs stands out.

    Judges look at the same examples: what was seen of them is told once, with the first.
    """
    found: dict[tuple[str, str], dict[str, list[ReportColumn]]] = {}
    for result in row.results:
        for check, evidence in _evidence(result):
            for name, value in evidence.items():
                text = json.dumps(clean_value(value), sort_keys=True)
                found.setdefault((check, name), {}).setdefault(text, []).append(result.column)
    return tuple(
        Observation(check, name, json.loads(text), tuple(columns), everywhere=len(values) == 1)
        for (check, name), values in sorted(found.items())
        for text, columns in values.items()
    )


def _evidence(result: EntryResult) -> Iterator[tuple[str, dict[str, Any]]]:
    judged = False
    for name, check in result.checks:
        if check is None or check.measured is None or (judged and name in JUDGES):
            continue
        judged = judged or name in JUDGES
        yield name, check.measured.evidence


def places(report: Report, columns: tuple[ReportColumn, ...]) -> str:
    """The columns in words: `SQLite 4.2, 5.2 (memory); MariaDB 6.1`, and a database's name alone for all of them."""
    wanted = {column.id for column in columns}
    parts = []
    for _, every in report.databases:
        keys = [_name(column) for column in every if column.id in wanted]
        name = every[0].environment.database
        if keys:
            parts.append(name if len(keys) == len(every) > 1 else f"{name} {', '.join(keys)}")
    return "; ".join(parts)


def _name(column: ReportColumn) -> str:
    return f"{column.series} ({', '.join(column.differs)})" if column.differs else column.series

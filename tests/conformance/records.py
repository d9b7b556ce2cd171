"""Result files written record by record."""

from __future__ import annotations

from pathlib import Path

from conformance.case import Cell
from conformance.results import ResultWriter
from conformance.results.records import cell_record, end_record, plan_record, run_record
from tests.conformance.synthetic import COUNT, POSTGRESQL, SQL, measured

RUN = run_record(POSTGRESQL, seed=1, profile="ci", suite="0.1", catalogue="h")


def write(path: Path, *records: dict[str, object]) -> None:
    """Append the records."""
    with ResultWriter(path) as writer:
        for record in records:
            writer.write(record)


def complete(path: Path) -> None:
    """A run of two cells that came to its end."""
    write(path, RUN, plan_record([COUNT, SQL]), cell("pass"), cell("fail", SQL), end_record(2))


def cell(verdict: str, of: Cell = COUNT) -> dict[str, object]:
    """One attempt."""
    return cell_record(measured(of, verdict))

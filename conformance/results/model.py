"""What a result file says, as plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from typing import Any

from conformance.case import Cell, Measured, Verdict
from conformance.environment import Environment

SCHEMA_VERSION = 3


@dataclass(frozen=True)
class Results:
    """One environment's results: what was planned, and what arrived.

    `cells` holds every attempt; several attempts of a cell that differ make it flaky. A file that was interrupted has
    no `end` record and is not `complete`; one that was interrupted before its plan has nothing `planned`.
    """

    environment: Environment
    seed: int
    profile: str
    suite: str
    catalogue: str
    planned: tuple[Cell, ...]
    cells: tuple[Measured, ...]
    complete: bool
    source: str = ""
    # The digests of the entries that were planned, where the run has noted them.
    entries: Mapping[str, str] = field(default_factory=dict)

    def attempts(self, cell: Cell) -> list[Measured]:
        """Every attempt of the cell, in the order of the file."""
        return self._by_cell.get(cell, [])

    @cached_property
    def _by_cell(self) -> dict[Cell, list[Measured]]:
        attempts: dict[Cell, list[Measured]] = {}
        for measured in self.cells:
            attempts.setdefault(measured.cell, []).append(measured)
        return attempts

    def verdict(self, cell: Cell) -> Verdict:
        """The cell's verdict over all its attempts: `unknown` if none arrived, `flaky n/m` if they differ.

        An attempt that is itself `flaky n/m` counts as n passes in m attempts.
        """
        verdicts = [Verdict.parse(measured.verdict) for measured in self.attempts(cell)]
        if not verdicts:
            return Verdict("unknown")
        if len(set(verdicts)) == 1 and verdicts[0].name != "flaky":
            return verdicts[0]
        passed = sum(verdict.passed + (verdict.name == "pass") for verdict in verdicts)
        return Verdict("flaky", passed, sum(verdict.attempts or 1 for verdict in verdicts))

    def last(self, cell: Cell) -> Measured | None:
        """The attempt that explains the verdict: the newest that did not pass, else the newest."""
        attempts = self.attempts(cell)
        failed = [measured for measured in attempts if measured.verdict != "pass"]
        return next(reversed(failed or attempts), None)

    @cached_property
    def planned_cells(self) -> frozenset[Cell]:
        """The plan as a set."""
        return frozenset(self.planned)

    @property
    def missing(self) -> tuple[Cell, ...]:
        """Planned cells for which no result arrived."""
        return tuple(cell for cell in self.planned if cell not in self._by_cell)


def results_schema() -> dict[str, Any]:
    """The JSON Schema of one line of a result file."""
    schema: dict[str, Any] = json.loads((files("conformance.results") / "schema.json").read_text("utf-8"))
    return schema

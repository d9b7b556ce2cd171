"""What a result file says, as plain data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from conformance.case import Cell, Measured, Verdict
from conformance.environment import Environment

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Results:
    """One environment's results: what was planned, and what arrived.

    `cells` holds every attempt; several attempts of a cell that differ make it flaky. A file that was interrupted has
    no `end` record and is not `complete`.
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

    def attempts(self, cell: Cell) -> list[Measured]:
        return [measured for measured in self.cells if measured.cell == cell]

    def verdict(self, cell: Cell) -> Verdict:
        """The cell's verdict over all its attempts: `unknown` if none arrived, `flaky n/m` if they differ."""
        verdicts = [Verdict.parse(measured.verdict) for measured in self.attempts(cell)]
        if not verdicts:
            return Verdict("unknown")
        if len(set(verdicts)) == 1:
            return verdicts[0]
        return Verdict("flaky", sum(verdict.name == "pass" for verdict in verdicts), len(verdicts))

    def last(self, cell: Cell) -> Measured | None:
        """The attempt that explains the verdict: the newest that did not pass, else the newest."""
        attempts = self.attempts(cell)
        failed = [measured for measured in attempts if measured.verdict != "pass"]
        return (failed or attempts or [None])[-1]

    @property
    def missing(self) -> tuple[Cell, ...]:
        """Planned cells for which no result arrived."""
        arrived = {measured.cell for measured in self.cells}
        return tuple(cell for cell in self.planned if cell not in arrived)


def results_schema() -> dict[str, Any]:
    """The JSON Schema of one line of a result file."""
    schema: dict[str, Any] = json.loads((files("conformance.results") / "schema.json").read_text("utf-8"))
    return schema

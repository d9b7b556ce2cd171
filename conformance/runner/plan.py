"""What a matrix is to measure."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from conformance.case import Cell
from conformance.matrix import Column
from conformance.runner.environments import worker_environ
from conformance.runner.job import Job
from conformance.runner.profiles import Profile


@dataclass(frozen=True)
class MatrixPlan:
    """What to measure: every column, the same cells in each. `workers` 0 means as many as there are cores."""

    columns: tuple[Column, ...]
    cells: tuple[Cell, ...]
    profile: Profile
    seed: int
    results: Path
    environments: Path
    packages: Path
    workers: int = 0
    timeout: float | None = None

    @property
    def lanes(self) -> int:
        """How many columns are measured at a time."""
        return self.workers or os.cpu_count() or 1

    def job(self, column: Column, python: str) -> Job:
        """What a column asks of one environment."""
        return Job(
            python=python,
            settings=column.database.settings,
            environ=worker_environ(self.packages),
            cells=self.cells,
            profile=self.profile,
            seed=self.seed,
            folder=self.results,
            timeout=self.timeout,
            # Not the folder in which the matrix is started: it may be a checkout, whose files change.
            start_in=self.packages,
        )

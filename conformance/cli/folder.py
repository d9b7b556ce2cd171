"""The results folder of a matrix: one matrix at a time, and its plan kept up to date."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from conformance import __version__
from conformance.case import ExitCode, SuiteError
from conformance.catalogue import Catalogue
from conformance.environment import Environment
from conformance.results import (
    ColumnState,
    PlannedMatrix,
    Results,
    file_name,
    read_matrix,
    read_results,
    unmeasured,
    write_matrix,
)
from conformance.results.disk import locked, refused, unlock
from conformance.runner import Column, MatrixPlan, Outcome

_LOCK = ".matrix.lock"


class MatrixFolder:
    """Lock the folder and write the plan; then note in it how each column comes along, from several threads.

    Raises `SuiteError` (harness) if the folder cannot be written, or another matrix is at work in it.
    """

    def __init__(self, plan: MatrixPlan, catalogue: Catalogue, *, strict: bool) -> None:
        self.path = plan.results
        self._strict = strict
        self._guard = threading.Lock()
        self._asked = [(column.release.version, column.database.name) for column in plan.columns]
        self._lock = _lock(self.path)
        self._matrix = PlannedMatrix(
            suite=__version__,
            catalogue=catalogue.hash,
            seed=plan.seed,
            profile=plan.profile.name,
            runner="asyncio.run",
            cells=plan.cells,
            columns=tuple(ColumnState(django, database) for django, database in self._asked),
        )
        try:
            self._matrix = self._matrix.merged_into(_earlier(self.path))
            write_matrix(self._matrix, self.path)
        except BaseException:
            unlock(self._lock)
            raise

    def __enter__(self) -> MatrixFolder:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        unlock(self._lock)

    def begun(self, column: Column, environment: Environment) -> None:
        """The column has a result file."""
        self._note(column, "begun", file=file_name(environment))

    def ended(self, column: Column, outcome: Outcome) -> None:
        """The column failed or is left out, if it could not begin."""
        if outcome.environment is None and outcome.kind != "killed":
            left_out = outcome.kind == "database" and not self._strict
            self._note(column, "left_out" if left_out else "failed", reason=outcome.problem.strip())

    def results(self) -> list[Results]:
        """The results of the columns that were asked for, those without a file included."""
        asked = [column for column in self._matrix.columns if (column.django, column.database) in self._asked]
        paths = {self.path / column.file for column in asked if column.file}
        measured = [read_results(path) for path in paths if path.exists()]
        chosen = replace(self._matrix, columns=tuple(asked))
        found = [*measured, *unmeasured(chosen, self.path)] if measured else []
        return sorted(found, key=lambda results: results.environment.version_key)

    def _note(self, column: Column, state: str, *, file: str = "", reason: str = "") -> None:
        noted = ColumnState(column.release.version, column.database.name, state, file, reason)
        with self._guard:
            self._matrix = self._matrix.with_column(noted)
            write_matrix(self._matrix, self.path)


def _lock(folder: Path) -> FileLock:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return locked(folder / _LOCK)
    except Timeout:
        raise refused(folder, "another matrix is at work in it") from None
    except OSError as error:
        raise refused(folder, error.strerror or str(error)) from error


def _earlier(folder: Path) -> PlannedMatrix | None:
    """The plan of an earlier matrix; one that nobody can read is written anew."""
    try:
        return read_matrix(folder)
    except SuiteError as error:
        if error.code is not ExitCode.BAD_INPUT:
            raise
        return None

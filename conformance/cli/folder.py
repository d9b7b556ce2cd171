"""The results folder of a matrix: one matrix at a time, and its plan kept up to date."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from conformance import __version__
from conformance.case import ExitCode, SuiteError
from conformance.catalogue import Catalogue
from conformance.environment import Environment
from conformance.matrix import Column
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
from conformance.runner import MatrixPlan, Outcome

_LOCK = ".matrix.lock"


class MatrixFolder:
    """Lock the folder and write the plan; then note in it how each column comes along, from several threads.

    A column whose problem is of an `optional` kind is left out; any other has failed. Raises `SuiteError` (harness) if
    the folder cannot be written, or another matrix is at work in it.
    """

    def __init__(
        self,
        plan: MatrixPlan,
        catalogue: Catalogue,
        *,
        optional: Collection[str],
        only: tuple[str, ...] = (),
        shard: str = "",
    ) -> None:
        self.path = plan.results
        self._optional = optional
        self._guard = threading.Lock()
        self._asked = [column.key for column in plan.columns]
        self._lock = _lock(self.path)
        self._matrix = PlannedMatrix(
            suite=__version__,
            catalogue=catalogue.hash,
            seed=plan.seed,
            profile=plan.profile.name,
            runner="asyncio.run",
            cells=plan.cells,
            columns=tuple(map(_state, plan.columns)),
            only=only,
            shard=shard,
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
        self._note(_state(column, "begun", file=file_name(environment)))

    def ended(self, column: Column, outcome: Outcome) -> None:
        """The column failed or is left out, if it could not begin."""
        if outcome.environment is None and outcome.kind != "killed":
            state = "left_out" if outcome.kind in self._optional else "failed"
            self._note(_state(column, state, reason=outcome.problem.strip()))

    def results(self) -> list[Results]:
        """The results of the columns that were asked for, those without a file included."""
        asked = [column for column in self._matrix.columns if column.key in self._asked]
        paths = {self.path / column.file for column in asked if column.file}
        measured = [read_results(path) for path in paths if path.exists()]
        chosen = replace(self._matrix, columns=tuple(asked))
        found = [*measured, *unmeasured(chosen, self.path)] if measured else []
        return sorted(found, key=lambda results: results.environment.version_key)

    def _note(self, noted: ColumnState) -> None:
        with self._guard:
            self._matrix = self._matrix.with_column(noted)
            write_matrix(self._matrix, self.path)


def _state(column: Column, state: str = "planned", *, file: str = "", reason: str = "") -> ColumnState:
    django, asgiref, database = column.key
    return ColumnState(django, database, state, file, reason, asgiref, axes=column.axes)


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

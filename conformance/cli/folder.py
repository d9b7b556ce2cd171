"""The results folder of a matrix: one matrix at a time, and its plan kept up to date."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from conformance import __version__
from conformance.case import NOT_MADE, ExitCode, SuiteError
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
    taken_over,
    unmeasured,
    write_matrix,
)
from conformance.results.disk import locked, refused, unlock, write_atomically
from conformance.results.records import checksum
from conformance.runner import MatrixPlan, Outcome

_LOCK = ".matrix.lock"
_REPORTED = ".report"


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
        self._inputs: dict[Column, str] = {}
        self._code = plan.packages.name
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
            earlier = _earlier(self.path)
            self._matrix = self._matrix.merged_into(earlier)
            self._before = replace(self._matrix, cells=earlier.cells if earlier else ())
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

    def kept(self, column: Column, inputs: str) -> Environment | None:
        """The column's environment, if all of it was measured from the same inputs and its file is as it was then."""
        with self._guard:
            self._inputs[column] = inputs
            known = next(state for state in self._before.columns if state.key == column.key)
        if not known.output or known.inputs != inputs or not self._before.covers(self._matrix):
            return None
        path = self.path / known.file
        content = path.read_bytes() if path.is_file() else b""
        if checksum(content) != known.output:
            return None
        return Environment.from_dict(json.loads(content.partition(b"\n")[0])["environment"])

    def begun(self, column: Column, environment: Environment) -> None:
        """The column has a result file."""
        self._note(_state(column, "begun", file=file_name(environment)))

    def ended(self, column: Column, outcome: Outcome) -> None:
        """The column is whole, failed or left out."""
        if outcome.path is not None and not outcome.problem:
            output = _output(outcome.path)
            begun = _state(column, "begun", file=outcome.path.name)
            self._note(replace(begun, inputs=self._inputs[column], output=output, reused=outcome.reused))
        elif outcome.environment is None and outcome.kind != "killed":
            state = "left_out" if outcome.kind in self._optional else "failed"
            self._note(_state(column, state, reason=outcome.problem.strip()))

    @property
    def report(self) -> Path:
        """Where the report begins."""
        return self.path / "report" / "index.html"

    def report_is_current(self) -> bool:
        """Whether the report shows what the folder has, and was written by this code."""
        written = self.path / _REPORTED
        return self.report.exists() and written.exists() and written.read_text() == self._reported() != ""

    def note_report(self) -> None:
        """The report was written just now."""
        write_atomically(self.path / _REPORTED, self._reported().encode())

    def _reported(self) -> str:
        """What the report shows, as a digest; empty while a column is not whole, whose file may still grow."""
        asked = [column for column in self._matrix.columns if column.key in self._asked]
        if any(column.state in ("planned", "begun") and not column.output for column in asked):
            return ""
        return checksum(repr((self._code, [(*column.key, column.state, column.output) for column in asked])).encode())

    def results(self) -> list[Results]:
        """The results of the columns that were asked for, those without a file included."""
        asked = [column for column in self._matrix.columns if column.key in self._asked]
        paths = {self.path / column.file for column in asked if column.file}
        measured = [taken_over(read_results(path), self._matrix) for path in paths if path.exists()]
        chosen = replace(self._matrix, columns=tuple(asked))
        found = [*measured, *unmeasured(chosen, self.path)] if measured else []
        return sorted(found, key=lambda results: results.environment.version_key)

    def _note(self, noted: ColumnState) -> None:
        with self._guard:
            self._matrix = self._matrix.with_column(noted)
            write_matrix(self._matrix, self.path)


def _output(path: Path) -> str:
    """The checksum of a file that need not be measured again; empty where a cell could not be measured."""
    content = path.read_bytes()
    again = any(f'"verdict": "{verdict}"'.encode() in content for verdict in NOT_MADE)
    return "" if again else checksum(content)


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

"""Many environments on this machine: as many at a time as there are cores, each result kept as it comes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Protocol

from conformance.case import Measured, SuiteError
from conformance.environment import Environment
from conformance.matrix import DjangoRelease
from conformance.runner.environments import environment_python, recipe_for
from conformance.runner.job import Outcome
from conformance.runner.plan import Column, MatrixPlan
from conformance.runner.supervise import supervise


class MatrixListener(Protocol):
    """Told how the matrix comes along, from several threads."""

    def building(self, release: DjangoRelease) -> None:
        """The release's environment is being built, or found."""

    def planned(self, column: Column, environment: Environment, done: int, total: int) -> None:
        """The column's environment is known; `done` of `total` cells were measured by an earlier run."""

    def measured(self, column: Column, measured: Measured) -> None:
        """An attempt at a cell is on the disk."""

    def ended(self, column: Column, outcome: Outcome) -> None:
        """Nothing more comes of this column."""


class _Process(Protocol):
    """A worker or an installer: `terminate` does nothing to one that has ended."""

    def terminate(self) -> None: ...


class Matrix:
    """Run a plan; `stop` may be called from another thread or a signal's handler."""

    def __init__(self, plan: MatrixPlan, listener: MatrixListener) -> None:
        self._plan = plan
        self._listener = listener
        self._processes: list[_Process] = []
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def run(self) -> dict[Column, Outcome]:
        """How each column ended. Raises `SuiteError` if results cannot be written; then nothing more is started."""
        outcomes: dict[Column, Outcome] = {}
        pool = ThreadPoolExecutor(self._plan.workers or os.cpu_count() or 1, thread_name_prefix="matrix")
        try:
            builds = {pool.submit(self._build, release): release for release in self._releases()}
            runs: dict[Future[Outcome], Column] = {}
            for build in as_completed(builds):
                for column in self._columns(builds[build]):
                    runs[pool.submit(self._run, column, build.result())] = column
            for run in as_completed(runs):
                outcomes[runs[run]] = run.result()
        except BaseException:
            self.stop()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
        return outcomes

    def stop(self) -> None:
        """End every worker and installer, all at once; what was measured stays."""
        self._stopped.set()
        with self._lock:
            for process in self._processes:
                process.terminate()

    def _releases(self) -> Iterable[DjangoRelease]:
        return dict.fromkeys(column.release for column in self._plan.columns)

    def _columns(self, release: DjangoRelease) -> list[Column]:
        return [column for column in self._plan.columns if column.release == release]

    def _build(self, release: DjangoRelease) -> str | SuiteError:
        """The environment's interpreter, or why there is none: one Django that fails does not stop the others."""
        self._listener.building(release)
        try:
            return environment_python(recipe_for(release), self._plan.environments, self._remember)
        except SuiteError as error:
            return error

    def _run(self, column: Column, python: str | SuiteError) -> Outcome:
        if self._stopped.is_set():
            return Outcome(problem="stopped before it began", kind="killed")
        if isinstance(python, SuiteError):
            outcome = Outcome(problem=str(python), kind="environment")
        else:
            outcome = supervise(self._plan.job(column, python), _ColumnListener(column, self._listener), self._remember)
        self._listener.ended(column, outcome)
        return outcome

    def _remember(self, process: _Process) -> None:
        with self._lock:
            self._processes.append(process)
            if self._stopped.is_set():
                process.terminate()


@dataclass(frozen=True)
class _ColumnListener:
    column: Column
    listener: MatrixListener

    def planned(self, environment: Environment, done: int, total: int) -> None:
        self.listener.planned(self.column, environment, done, total)

    def measured(self, measured: Measured) -> None:
        self.listener.measured(self.column, measured)

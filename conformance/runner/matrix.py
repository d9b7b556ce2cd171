"""Many environments on this machine: as many at a time as there are cores, each result kept as it comes."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Protocol

from conformance.case import Measured, SuiteError
from conformance.environment import Environment
from conformance.matrix import Column
from conformance.results import file_name
from conformance.runner.asking import ask_environment
from conformance.runner.environments import Recipe, environment_python, recipe_for
from conformance.runner.job import Job, Outcome
from conformance.runner.plan import MatrixPlan
from conformance.runner.supervise import supervise


class MatrixListener(Protocol):
    """Told how the matrix comes along, from several threads."""

    def building(self, recipe: Recipe) -> None:
        """The environment is being built, or found."""

    def planned(self, column: Column, environment: Environment, done: int, total: int) -> None:
        """The column's environment is known; `done` of `total` cells were measured by an earlier run."""

    def kept(self, column: Column, inputs: str) -> Environment | None:
        """The column's environment, if an earlier run has measured all of it from the same inputs; else None."""

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
        # The version of each server that was asked for it.
        self._servers: dict[str, str] = {}
        self._asking = threading.Lock()

    def run(self) -> dict[Column, Outcome]:
        """How each column ended. Raises `SuiteError` if results cannot be written; then nothing more is started."""
        outcomes: dict[Column, Outcome] = {}
        pool = ThreadPoolExecutor(self._plan.lanes, thread_name_prefix="matrix")
        try:
            builds = {pool.submit(self._build, columns[0]): columns for columns in self._of_one_environment()}
            runs: dict[Future[Outcome], Column] = {}
            for build in as_completed(builds):
                for column in builds[build]:
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

    def _of_one_environment(self) -> Iterable[list[Column]]:
        """The columns in groups that share an interpreter."""
        groups: dict[Hashable, list[Column]] = {}
        for column in self._plan.columns:
            needs = (column.release, column.asgiref, column.database.extras, bool(column.obstacle))
            groups.setdefault(needs, []).append(column)
        return groups.values()

    def _build(self, column: Column) -> str | SuiteError:
        """The interpreter, or why there is none: an environment that cannot be built does not stop the others."""
        if column.obstacle:
            return ""
        try:
            recipe = recipe_for(column.release, column.asgiref, column.database.extras)
            self._listener.building(recipe)
            return environment_python(recipe, self._plan.environments, self._remember)
        except SuiteError as error:
            return error

    def _run(self, column: Column, python: str | SuiteError) -> Outcome:
        if self._stopped.is_set():
            return Outcome(problem="stopped before it began", kind="killed")
        if column.obstacle:
            outcome = Outcome(problem=column.obstacle, kind="impossible")
        elif isinstance(python, SuiteError):
            outcome = Outcome(problem=str(python), kind="environment")
        else:
            outcome = self._measure(column, self._plan.job(column, python))
        self._listener.ended(column, outcome)
        return outcome

    def _measure(self, column: Column, job: Job) -> Outcome:
        kept = self._listener.kept(column, job.inputs)
        if kept and kept.server_version == self._server_version(column, job, kept):
            return Outcome(kept, job.folder / file_name(kept), reused=True)
        return supervise(job, _ColumnListener(column, self._listener), self._remember)

    def _server_version(self, column: Column, job: Job, kept: Environment) -> str:
        """That of the column's server now, asked once; what is embedded is part of the inputs."""
        vendor = column.database.vendor
        if vendor == "sqlite":
            return kept.server_version
        with self._asking:
            if vendor not in self._servers:
                found = ask_environment(job, self._remember)
                self._servers[vendor] = found.server_version if isinstance(found, Environment) else ""
            return self._servers[vendor]

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

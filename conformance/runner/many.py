"""Many environments on this machine: as many at a time as there are cores, each result kept as it comes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from conformance.case import Cell, Measured, SuiteError
from conformance.environment import Environment
from conformance.matrix import Database, DjangoRelease
from conformance.runner.environments import environment_python, recipe_for, worker_environ
from conformance.runner.job import Job, Outcome
from conformance.runner.process import Worker
from conformance.runner.profiles import Profile
from conformance.runner.supervise import supervise


@dataclass(frozen=True)
class Column:
    """One Django on one database."""

    release: DjangoRelease
    database: Database

    @property
    def title(self) -> str:
        return f"Django {self.release.version} on {self.database.title}"


@dataclass(frozen=True)
class MatrixPlan:
    """What to measure: every column, the same cells in each."""

    columns: tuple[Column, ...]
    cells: tuple[Cell, ...]
    profile: Profile
    seed: int
    results: Path
    environments: Path
    packages: Path
    workers: int = 0  # 0: as many as there are cores

    def job(self, column: Column, python: str) -> Job:
        return Job(
            python=python,
            settings=column.database.settings,
            environ=worker_environ(self.packages),
            cells=self.cells,
            profile=self.profile,
            seed=self.seed,
            folder=self.results,
        )


class Watcher(Protocol):
    """Told how the matrix comes along, from several threads."""

    def building(self, release: DjangoRelease) -> None: ...

    def planned(self, column: Column, environment: Environment, done: int, total: int) -> None: ...

    def measured(self, column: Column, measured: Measured) -> None: ...

    def ended(self, column: Column, outcome: Outcome) -> None: ...


class Matrix:
    """Run a plan; `stop` may be called from another thread or a signal's handler."""

    def __init__(self, plan: MatrixPlan, watcher: Watcher) -> None:
        self._plan = plan
        self._watcher = watcher
        self._workers: set[Worker] = set()
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
        """End every worker; what they measured stays."""
        self._stopped.set()
        with self._lock:
            workers = tuple(self._workers)
        for worker in workers:
            worker.end()

    def _releases(self) -> Iterable[DjangoRelease]:
        return dict.fromkeys(column.release for column in self._plan.columns)

    def _columns(self, release: DjangoRelease) -> list[Column]:
        return [column for column in self._plan.columns if column.release == release]

    def _build(self, release: DjangoRelease) -> str | SuiteError:
        """The environment's interpreter, or why there is none: one Django that fails does not stop the others."""
        self._watcher.building(release)
        try:
            return environment_python(recipe_for(release), self._plan.environments)
        except SuiteError as error:
            return error

    def _run(self, column: Column, python: str | SuiteError) -> Outcome:
        if isinstance(python, SuiteError):
            outcome = Outcome(problem=str(python), kind="environment")
        elif self._stopped.is_set():
            outcome = Outcome(problem="stopped before it began", kind="killed")
        else:
            outcome = supervise(self._plan.job(column, python), self._listener(column), self._remember)
        self._watcher.ended(column, outcome)
        return outcome

    def _listener(self, column: Column) -> _ColumnListener:
        return _ColumnListener(column, self._watcher)

    def _remember(self, worker: Worker) -> None:
        with self._lock:
            self._workers.add(worker)
        if self._stopped.is_set():
            worker.end()


@dataclass(frozen=True)
class _ColumnListener:
    column: Column
    watcher: Watcher

    def planned(self, environment: Environment, done: int, total: int) -> None:
        self.watcher.planned(self.column, environment, done, total)

    def measured(self, measured: Measured) -> None:
        self.watcher.measured(self.column, measured)

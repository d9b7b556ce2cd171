"""One environment: a worker process measures, and this side writes down what it says.

The worker may hang, crash or be killed: what it had measured is on the disk already. The cell that it was at gets the
verdict that fits, or stays unknown where the interruption came from outside.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from conformance.case import Cell, Failure, Measured, Verdict, worst
from conformance.environment import Environment
from conformance.results import ResultWriter, file_name
from conformance.results.records import cell_record, end_record, measured_from
from conformance.runner.job import Job, Listener, Outcome
from conformance.runner.process import Died, TimedOut, Worker

# Signals that a process brings on itself. Any other that ends a worker came from outside, and says nothing of the cell.
_FAULTS = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}


class _Nobody:
    def planned(self, environment: Environment, done: int, total: int) -> None: ...

    def measured(self, measured: Measured) -> None: ...


def supervise(job: Job, listener: Listener | None = None, started: Callable[[Worker], Any] | None = None) -> Outcome:
    """Measure every cell of the job that no earlier run has measured.

    `started` is told of each worker process, so that another thread can end it. Raises `SuiteError` if the results
    cannot be written.
    """
    while True:  # a new worker after each that hung or crashed
        with Worker(job.python, job.environ) as worker:
            if started is not None:
                started(worker)
            outcome = _with_worker(job, worker, listener or _Nobody())
        if outcome is not None:
            return outcome


def _with_worker(job: Job, worker: Worker, listener: Listener) -> Outcome | None:
    try:
        worker.say(job.order())
        header = worker.hear(timeout=job.profile.cell_timeout)
    except TimedOut:
        return Outcome(problem=f"no answer within {job.profile.cell_timeout:.0f} s", kind="database")
    except Died as died:
        return Outcome(problem=f"the worker ended before it began: {died}\n{died.stderr}", kind=_kind(died))
    if header["type"] == "error":
        return Outcome(problem=header["message"], kind=header["kind"])
    environment = Environment.from_dict(header["environment"])
    path = job.folder / file_name(environment)
    with ResultWriter.resume(path, header, job.cells) as (writer, done):
        listener.planned(environment, len(done), len(job.cells))
        session = _Session(job, worker, listener, writer, done)
        problem = session.run()
    if problem is None:
        return None
    return Outcome(environment, path, problem, "killed" if problem else "")


class _Session:
    """One worker's share of the cells."""

    def __init__(
        self, job: Job, worker: Worker, listener: Listener, writer: ResultWriter, done: dict[Cell, Verdict]
    ) -> None:
        self._job = job
        self._worker = worker
        self._listener = listener
        self._writer = writer
        self._done = done
        self._todo = [cell for cell in job.cells if cell not in done]
        self._current: Cell | None = None

    def run(self) -> str | None:
        """Measure what is left. Empty when all is done, None if a new worker has to go on, else what ended it."""
        try:
            self._worker.say(
                {
                    "cells": [str(cell) for cell in self._todo],
                    "done": {str(cell): str(verdict) for cell, verdict in self._done.items()},
                }
            )
            while True:
                self._hear()
        except TimedOut:
            limit = self._job.profile.cell_timeout
            return self._give_up("timeout", f"it did not end within {limit:.0f} s", "")
        except Died as died:
            if self._current is None and not self._missing():
                self._writer.write(end_record(len(self._job.cells)))
                return ""
            if _kind(died) == "killed":
                return f"the worker was ended from outside ({died}) at {self._current}"
            return self._give_up("crash", f"the process ended: {died}", died.stderr)

    def _hear(self) -> None:
        record = self._worker.hear(timeout=self._job.profile.cell_timeout)
        if record["type"] == "start":
            self._current = Cell.parse(record["cell"])
        elif record["type"] == "cell":
            self._keep(measured_from(record))
        else:
            self._current = None

    def _keep(self, measured: Measured) -> None:
        known = [self._done[measured.cell]] if measured.cell in self._done else []
        self._done[measured.cell] = worst([*known, Verdict.parse(measured.verdict)])
        self._writer.write(cell_record(measured))
        self._listener.measured(measured)

    def _missing(self) -> bool:
        return any(cell not in self._done for cell in self._job.cells)

    def _give_up(self, verdict: str, reason: str, stack: str) -> str | None:
        if self._current is None:
            return f"the worker was lost between two cells: {reason}"
        self._keep(Measured(self._current, verdict, reason=reason, failure=Failure(reason, stack=stack)))
        return None


def _kind(died: Died) -> str:
    return "killed" if died.signal is not None and died.signal not in _FAULTS else "settings"

"""One worker's share of the cells."""

from __future__ import annotations

import signal
from dataclasses import dataclass, replace

from conformance.case import Cell, Failure, Measured, Verdict, worst
from conformance.results import ResultWriter
from conformance.results.records import Record, cell_record, end_record, measured_from, today
from conformance.runner.job import Job, JobListener
from conformance.runner.process import Died, TimedOut, Worker

# Signals that a process brings on itself. Any other that ends a worker came from outside, and says nothing of the cell.
_FAULTS = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}
# Seconds: to create a database, migrate it, and wait until an earlier worker has left it.
_READY_TIMEOUT = 120.0


@dataclass(frozen=True)
class JobEnding:
    """Why no further worker is needed; without a problem, because everything is measured. `kind` as in `Outcome`."""

    problem: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Progress:
    """What is measured: on the disk, told to the listener, and remembered for the next worker."""

    writer: ResultWriter
    done: dict[Cell, Verdict]
    listener: JobListener
    job: Job

    def keep(self, attempts: list[Measured]) -> None:
        """Keep every attempt of one cell."""
        for measured in map(self._reproducible, attempts):
            self.writer.write(cell_record(replace(measured, day=today())))
            self.listener.measured(measured)
        self.done[attempts[0].cell] = worst(Verdict.parse(measured.verdict) for measured in attempts)

    def _reproducible(self, measured: Measured) -> Measured:
        """A failure with the command that shows it again, which the worker cannot know."""
        if measured.failure is None:
            return measured
        failure = replace(measured.failure, reproduce=self.job.command(measured.cell))
        return replace(measured, failure=failure)


class Conversation:
    """Tell one worker what is left, and keep what it measures until all is done or it is lost."""

    def __init__(self, job: Job, worker: Worker, progress: Progress) -> None:
        self._job = job
        self._worker = worker
        self._progress = progress
        self._timeout = _READY_TIMEOUT
        self._current: Cell | None = None
        # Looked at with every record that comes: a list of thousands of cells would cost as much as measuring them.
        self._waiting_for = set(self._left())
        # Attempts of a cell are kept together: half of them would be another verdict.
        self._attempts: list[Measured] = []

    def run(self) -> JobEnding | None:
        """How the job ended, or None if a new worker has to go on."""
        try:
            self._order()
            while self._waiting_for:
                record = self._worker.hear(self._timeout)
                if record["type"] == "error":
                    return JobEnding(record["message"], record["kind"])
                self._take(record)
        except TimedOut:
            return self._lost("timeout", f"it did not end within {self._timeout:.0f} s", "")
        except Died as died:
            if kind_of(died) == "killed":
                where = f"at {self._current}" if self._current else "between two cells"
                return JobEnding(f"the worker was ended from outside ({died}) {where}", "killed")
            return self._lost("crash", f"the process ended: {died}", died.stderr)
        self._progress.writer.write(end_record(len(self._job.cells)))
        self._worker.wait()
        return JobEnding()

    def _left(self) -> list[Cell]:
        return [cell for cell in self._job.cells if cell not in self._progress.done]

    def _order(self) -> None:
        done = {str(cell): str(verdict) for cell, verdict in self._progress.done.items()}
        self._worker.say({"cells": [str(cell) for cell in self._left()], "done": done})

    def _take(self, record: Record) -> None:
        self._timeout = self._job.cell_timeout
        if record["type"] == "start":
            self._current, self._attempts = Cell.parse(record["cell"]), []
        elif record["type"] == "cell":
            self._attempts.append(measured_from(record))
        elif record["type"] == "finish":
            self._waiting_for.discard(self._attempts[0].cell)
            self._current = None
            self._progress.keep(self._attempts)

    def _lost(self, verdict: str, reason: str, stack: str) -> JobEnding | None:
        if self._current is None:
            return JobEnding(f"the worker was lost between two cells: {reason}", "killed")
        self._progress.keep([Measured(self._current, verdict, reason=reason, failure=Failure(reason, stack=stack))])
        return None


def kind_of(died: Died) -> str:
    """`killed` where a signal came from outside, `settings` where the worker's own code ended it."""
    return "killed" if died.signal is not None and died.signal not in _FAULTS else "settings"

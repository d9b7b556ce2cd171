"""One environment: worker processes measure, and this side writes down what they say.

A worker may hang, crash or be killed: what it had measured is on the disk already. The cell that it was at gets the
verdict that fits and a new worker goes on; where the interruption came from outside, the cell stays unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from conformance.case import Verdict
from conformance.environment import Environment
from conformance.results import ResultWriter, file_name, set_aside, unchanged
from conformance.results.records import Record, cell_record
from conformance.runner.conversation import Conversation, JobEnding, Progress, kind_of
from conformance.runner.job import Job, JobListener, Outcome
from conformance.runner.process import Died, TimedOut, Worker

# Seconds: to import Django and the settings, and to reach the server.
_START_TIMEOUT = 60.0


def supervise(job: Job, listener: JobListener, started: Callable[[Worker], Any] = lambda _: None) -> Outcome:
    """Measure every cell of the job that no earlier run has measured.

    `started` is told of each worker process, so that another thread can end it. Raises `SuiteError` if the results
    cannot be written.
    """
    with ExitStack() as stack:
        supervision = _Supervision(job, listener, stack)
        while True:  # a new worker after each that hung or crashed
            with Worker(job.python, job.environ, job.start_in) as worker:
                started(worker)
                ending = supervision.with_worker(worker)
            if ending is not None:
                return supervision.outcome(ending)


class _Supervision:
    """The job's result file, opened once its first worker has said which environment it is."""

    def __init__(self, job: Job, listener: JobListener, stack: ExitStack) -> None:
        self._job = job
        self._listener = listener
        self._stack = stack
        self._header: Record | None = None
        self._environment: Environment | None = None
        self._progress: Progress | None = None

    def with_worker(self, worker: Worker) -> JobEnding | None:
        """How the job ended, or None if another worker has to go on."""
        try:
            worker.say(self._job.order())
            header = worker.hear(_START_TIMEOUT)
        except TimedOut:
            return JobEnding(f"no answer within {_START_TIMEOUT:.0f} s", "database")
        except Died as died:
            return JobEnding(f"the worker ended before it began: {died}\n{died.stderr}".strip(), kind_of(died))
        if header["type"] == "error":
            return JobEnding(header["message"], header["kind"])
        if header != (self._header or header):
            return JobEnding("the environment changed while it was measured", "environment")
        return Conversation(self._job, worker, self._open(header)).run()

    def outcome(self, ending: JobEnding) -> Outcome:
        """The ending, with what is known of the environment."""
        path = self._progress.writer.path if self._progress else None
        return Outcome(self._environment, path, ending.problem, ending.kind)

    def _open(self, header: Record) -> Progress:
        if self._progress is None:
            self._header = header
            self._environment = Environment.from_dict(header["environment"])
            path = self._job.folder / file_name(self._environment)
            kept = unchanged(self._job.since, header, self._job.entries, self._job.cells)
            if self._job.since:
                set_aside(path)  # what did not pass there is measured anew, and not a second time
            resumed = ResultWriter.resume(path, header, self._job.cells, self._job.entries)
            writer, done = self._stack.enter_context(resumed)
            for measured in kept:
                writer.write(cell_record(measured))
                done[measured.cell] = Verdict("pass")
            self._progress = Progress(writer, done, self._listener, self._job)
            known = sum(cell in done for cell in self._job.cells)
            self._listener.planned(self._environment, known, len(self._job.cells))
        return self._progress

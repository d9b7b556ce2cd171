"""The same cells again and again, each time with other examples, as many at a time as there are cores."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from conformance.runner.job import Job, JobListener, Outcome
from conformance.runner.process import Worker
from conformance.runner.supervise import supervise


class Stress:
    """Run jobs that differ in their seeds and in their folders."""

    def __init__(self, jobs: Sequence[Job], listener: JobListener, workers: int = 0) -> None:
        self._jobs = jobs
        self._listener = listener
        self._workers = workers or os.cpu_count() or 1
        self._processes: list[Worker] = []
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def run(self, ended: Callable[[Job, Outcome], Any]) -> None:
        """Call `ended` as each job ends. After an interruption nothing is started, and what was measured is kept.

        Raises `SuiteError` if results cannot be written.
        """
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="stress")
        try:
            futures = {pool.submit(self._run, job): job for job in self._jobs}
            for future in as_completed(futures):
                ended(futures[future], future.result())
        except BaseException:
            self._stop()
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def _run(self, job: Job) -> Outcome:
        if self._stopped.is_set():
            return Outcome(problem="stopped before it began", kind="killed")
        return supervise(job, self._listener, self._remember)

    def _stop(self) -> None:
        self._stopped.set()
        with self._lock:
            for process in self._processes:
                process.terminate()

    def _remember(self, process: Worker) -> None:
        with self._lock:
            self._processes.append(process)
            if self._stopped.is_set():
                process.terminate()

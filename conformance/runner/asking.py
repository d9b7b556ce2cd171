"""Ask for the environment of a job, and measure nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.environment import Environment
from conformance.runner.job import Job
from conformance.runner.process import Died, TimedOut, Worker

# Seconds: to import Django and the settings, and to reach the server.
_TIMEOUT = 60.0


def ask_environment(job: Job, started: Callable[[Worker], Any] = lambda _: None) -> Environment | str:
    """The environment as a worker finds it, or why there is none."""
    with Worker(job.python, job.environ, job.start_in) as worker:
        started(worker)
        try:
            worker.say(job.order())
            header = worker.hear(_TIMEOUT)
        except TimedOut:
            return f"no answer within {_TIMEOUT:.0f} s"
        except Died as died:
            return f"the worker ended before it began: {died}\n{died.stderr}".strip()
    if header["type"] == "error":
        return str(header["message"])
    return Environment.from_dict(header["environment"])

"""The process that measures one environment. Its parent speaks with it over its standard streams.

It prints a `run` record, reads which cells to measure, then prints `start` and `cell` records, one a line. Anything
that the code under test prints goes to the standard error, so that it cannot be taken for a record.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from typing import IO, Any

from conformance import __version__
from conformance.case import Cell
from conformance.catalogue import load_catalogue
from conformance.results.records import cell_record, run_record

# The worker's own exit code where the database or the settings cannot be used: it has said why in an `error` record.
CANNOT_START = 3


def main() -> int:
    """Measure what the parent asks for."""
    signal.signal(signal.SIGTERM, _terminate)
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    job = json.loads(sys.stdin.readline())
    try:
        _measure_all(job, events)
    except BrokenPipeError:
        return 1  # the parent is gone; what it had received is on its disk
    except _Terminated:
        # The database is dropped by now. Die of the signal, so that the parent knows that it was one.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
    return 0


class _Terminated(BaseException):
    """SIGTERM, as an exception that lets every `finally` run."""


def _terminate(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _Terminated


def _measure_all(job: dict[str, Any], events: IO[str]) -> None:
    try:
        _set_up(job)
    except Exception as error:
        _cannot_start(events, "settings", error)
    from django.db import DatabaseError
    from django.db.utils import InterfaceError

    from conformance.worker.database import own_database

    try:
        with own_database(job["database"]):
            _session(job, events)
    except (DatabaseError, InterfaceError) as error:
        _cannot_start(events, "database", error)


def _set_up(job: dict[str, Any]) -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = job["settings"]
    django.setup()
    if job["defect"]:
        from conformance.defects import plant

        plant(job["defect"])


def _session(job: dict[str, Any], events: IO[str]) -> None:
    from django.db import connection

    from conformance.checks import Stage
    from conformance.checks.adapter import load_adapter
    from conformance.environment.detect import detect_environment
    from conformance.worker.coroutines import RUNNERS
    from conformance.worker.session import Session

    catalogue = load_catalogue(validate=False)
    environment = detect_environment(connection, job["runner"])
    _send(
        events,
        run_record(environment, seed=job["seed"], profile=job["profile"], suite=__version__, catalogue=catalogue.hash),
    )
    todo = json.loads(sys.stdin.readline())
    stage = Stage(load_adapter(), RUNNERS[job["runner"]])
    try:
        session = Session(catalogue, stage, job["examples"], job["seed"], todo["done"])
        for text in todo["cells"]:
            _send(events, {"type": "start", "cell": text})
            for measured in session.measure(Cell.parse(text)):
                _send(events, cell_record(measured))
            _send(events, {"type": "finish", "cell": text})
    finally:
        stage.close()


def _cannot_start(events: IO[str], kind: str, error: BaseException) -> None:
    _send(events, {"type": "error", "kind": kind, "message": f"{type(error).__qualname__}: {error}".strip()})
    traceback.print_exc()
    sys.exit(CANNOT_START)


def _send(events: IO[str], record: dict[str, Any]) -> None:
    events.write(json.dumps(record, ensure_ascii=False) + "\n")
    events.flush()


if __name__ == "__main__":
    sys.exit(main())

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
from conformance.case import Cell, Measured, Verdict, worst
from conformance.catalogue import Catalogue, load_catalogue
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

    from conformance.runner.database import own_database

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
    from conformance.runner.coroutines import RUNNERS

    catalogue = load_catalogue(validate=False)
    environment = detect_environment(connection, job["runner"])
    _send(
        events,
        run_record(
            environment, seed=job["seed"], profile=job["profile"], suite=__version__, catalogue=catalogue.hash
        ),
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


class Session:
    """Cells measured one after the other, each knowing the verdicts of those before it."""

    def __init__(
        self, catalogue: Catalogue, stage: Any, examples: int, seed_value: int, done: dict[str, str] | None = None
    ) -> None:
        self._catalogue = catalogue
        self._stage = stage
        self._examples = examples
        self._seed = seed_value
        self._verdicts = {Cell.parse(text): Verdict.parse(verdict) for text, verdict in (done or {}).items()}

    def measure(self, cell: Cell) -> list[Measured]:
        """The attempts of one cell; `blocked` and `n/a` without trying."""
        from conformance.requirements import unmet
        from conformance.runner.measure import measure

        entry = self._catalogue.entry(cell.entry)
        if reason := unmet(entry.requires):
            attempts = [Measured(cell, "n/a", reason=reason)]
        elif reason := self._blocked(entry.depends_on):
            attempts = [Measured(cell, "blocked", reason=reason)]
        else:
            check = self._catalogue.check(cell)
            attempts = measure(cell, check, self._stage, examples=self._examples, seed_value=self._seed)
        self._verdicts[cell] = worst(Verdict.parse(measured.verdict) for measured in attempts)
        return attempts

    def _blocked(self, names: tuple[str, ...]) -> str:
        for name in names:
            verdicts = [verdict for cell, verdict in self._verdicts.items() if cell.entry == name]
            if verdicts and (found := worst(verdicts)).name != "pass":
                return f"{name} is {found}"
        return ""


def _cannot_start(events: IO[str], kind: str, error: BaseException) -> None:
    _send(events, {"type": "error", "kind": kind, "message": f"{type(error).__qualname__}: {error}".strip()})
    traceback.print_exc()
    sys.exit(CANNOT_START)


def _send(events: IO[str], record: dict[str, Any]) -> None:
    events.write(json.dumps(record, ensure_ascii=False) + "\n")
    events.flush()


if __name__ == "__main__":
    sys.exit(main())

"""The process that measures one environment, spoken with in lines of JSON.

1. It is told the settings, and answers with a `run` record, or an `error`.
2. It is told the cells. Without any it ends: no database is made for nothing. Otherwise it answers `ready` once it has
   a database of its own, or `error`.
3. For each cell it says `start`, every attempt as a `cell` record, and `finish`.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from conformance import __version__
from conformance.case import Cell
from conformance.catalogue import Catalogue, load_catalogue
from conformance.results.records import cell_record, run_record
from conformance.worker.parent import Parent, Terminated
from conformance.worker.project import check_project

# The worker's own exit code where the database or the settings cannot be used: it has said why in an `error` record.
CANNOT_START = 3


def main() -> int:
    """Measure what the parent asks for."""
    parent = Parent()
    try:
        _serve(parent)
    except BrokenPipeError:
        return 1  # the parent is gone; what it had received is on its disk
    except Terminated:
        # The database is dropped by now. Die of the signal, so that the parent knows that it was one.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
    return 0


def _serve(parent: Parent) -> None:
    job = parent.hear()
    try:
        catalogue = _set_up(job)
    except Exception as error:  # noqa: BLE001 - settings are code: they may raise anything
        _cannot_start(parent, "settings", error)
    from django.db import DatabaseError, InterfaceError

    from conformance.worker.database import own_database

    try:
        _introduce(job, parent, catalogue)
        todo = parent.hear()
        if todo["cells"]:
            with own_database(job["database"]):
                _measure(job, todo, parent, catalogue)
    except (DatabaseError, InterfaceError) as error:
        _cannot_start(parent, "database", error)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - no database named, a migration that fails, an adapter that is not there
        _cannot_start(parent, "settings", error)


def _set_up(job: dict[str, Any]) -> Catalogue:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = job["settings"]
    django.setup()
    check_project()
    for module in job["checks"]:
        importlib.import_module(module)
    if job["defect"]:
        from conformance.defects import plant

        plant(job["defect"])
    folder = job["catalogue"]
    return load_catalogue(Path(folder) if folder else None, validate=False)


def _introduce(job: dict[str, Any], parent: Parent, catalogue: Catalogue) -> None:
    from conformance.environment.detect import detect_environment
    from conformance.worker.database import server_connection

    with server_connection() as connection:
        environment = detect_environment(connection, job["runner"])
    parent.say(
        run_record(environment, seed=job["seed"], profile=job["profile"], suite=__version__, catalogue=catalogue.hash)
    )


def _measure(job: dict[str, Any], todo: dict[str, Any], parent: Parent, catalogue: Catalogue) -> None:
    from conformance.checks import Stage
    from conformance.checks.adapter import load_adapter
    from conformance.worker.cells import CellSequence
    from conformance.worker.coroutines import RUNNERS

    stage = Stage(load_adapter(), RUNNERS[job["runner"]])
    try:
        sequence = CellSequence(catalogue, stage, job["examples"], job["seed"], todo["done"])
        parent.say({"type": "ready"})
        for text in todo["cells"]:
            parent.say({"type": "start", "cell": text})
            for measured in sequence.measure(Cell.parse(text)):
                parent.say(cell_record(measured))
            parent.say({"type": "finish", "cell": text})
    finally:
        stage.close()


def _cannot_start(parent: Parent, kind: str, error: BaseException) -> NoReturn:
    parent.say({"type": "error", "kind": kind, "message": f"{type(error).__qualname__}: {error}".strip()})
    traceback.print_exc()
    sys.exit(CANNOT_START)


if __name__ == "__main__":
    sys.exit(main())

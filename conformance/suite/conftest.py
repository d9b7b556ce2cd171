"""The stage of a pytest session: one database of its own, coroutines on the loop that pytest-asyncio runs.

Environment variables: `CONFORMANCE_PROFILE` (default smoke), `CONFORMANCE_SEED` (default 0), and
`CONFORMANCE_RESULTS`, a folder in which results are then written as `run` writes them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from conformance import __version__
from conformance.catalogue import Catalogue, load_catalogue
from conformance.results import Results, ResultWriter, file_name
from conformance.results.records import run_record
from conformance.runner import PROFILES, hypothesis_environ
from conformance.suite.measuring import Keeping, Measuring
from conformance.worker.cells import CellSequence
from conformance.worker.database import own_database
from conformance.worker.loops import LoopBridge
from conformance.worker.project import check_project

# A project of its own says which settings it wants; without one, the sample app on SQLite is measured.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sample_app.settings.sqlite")
os.environ.update(hypothesis_environ())


def pytest_configure() -> None:
    """Set Django up: pytest-django has looked for settings before this file could name some."""
    import django

    django.setup()


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Say what the project lacks before a test is made. Pytest shows an error of this hook without its stack."""
    if not _in_worker(collector) and (problem := _problem()):
        raise pytest.UsageError(problem)


def pytest_collect_file(parent: pytest.Collector) -> None:
    """In a worker of pytest-xdist, whose usage errors nobody sees, it is an error of collection."""
    if _in_worker(parent) and (problem := _problem()):
        raise pytest.Collector.CollectError(problem)


def _in_worker(collector: pytest.Collector) -> bool:
    return hasattr(collector.config, "workerinput")


def _problem() -> str:
    """What the project lacks; empty if nothing."""
    from django.core.exceptions import ImproperlyConfigured

    try:
        check_project()
    except ImproperlyConfigured as error:
        return f"{os.environ['DJANGO_SETTINGS_MODULE']} was not measured: {error}"
    return ""


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """What is measured."""
    return load_catalogue()


@pytest.fixture(scope="session")
def measuring(catalogue: Catalogue, django_db_blocker: Any) -> Iterator[Measuring]:
    """Measures cells, and keeps the results if the user named a folder."""
    from conformance.checks import Stage
    from conformance.checks.adapter import load_adapter
    from conformance.environment.detect import detect_environment

    profile = PROFILES[os.environ.get("CONFORMANCE_PROFILE", "smoke")]
    seed = int(os.environ.get("CONFORMANCE_SEED", "0"))
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        connection = stack.enter_context(own_database(f"conformance_pytest_{os.getpid()}"))
        environment = detect_environment(connection, "pytest-asyncio")
        bridge = LoopBridge()
        stack.callback(bridge.close)
        stage = bridge.call(lambda: Stage(load_adapter(), bridge.run))
        stack.callback(bridge.call, stage.close)
        sequence = CellSequence(catalogue, stage, profile.examples, seed)
        run = Results(environment, seed, profile.name, __version__, catalogue.hash, (), (), complete=False)
        yield Measuring(run, sequence, bridge, _keeping(stack, run, catalogue))


def _keeping(stack: ExitStack, run: Results, catalogue: Catalogue) -> Keeping | None:
    folder = os.environ.get("CONFORMANCE_RESULTS")
    if not folder:
        return None
    header = run_record(run.environment, seed=run.seed, profile=run.profile, suite=run.suite, catalogue=run.catalogue)
    path = Path(folder) / file_name(run.environment)
    planned = tuple(catalogue.cells())
    writer, done = stack.enter_context(ResultWriter.resume(path, header, planned))
    return Keeping(writer, done, planned)

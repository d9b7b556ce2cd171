"""Processes that share what they import, and environments that are made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance import built
from tests.conformance.commands import forked_workers
from tests.conformance.synthetic import catalogue
from tests.shared.forking import Nursery

# What measures much, waits for processes or needs a browser: every other test is in the environment `quick`.
SLOW = (
    "test_browser",
    "test_cli_history",
    "test_exit_codes",
    "test_findings",
    "test_init",
    "test_kills",
    "test_leftover_watch",
    "test_matrix_environments",
    "test_matrix_interruptions",
    "test_matrix_reuse",
    "test_packages",
    "test_released_faults",
    "test_repro",
    "test_runner_bad_input",
    "test_runner_databases",
    "test_runner_environments",
    "test_runner_interruptions",
    "test_runner_pytest",
    "test_runner_reports",
    "test_runner_shards",
    "test_runner_verdicts",
    "test_since",
    "test_sources",
    "test_stress",
    "test_subtle_defects",
    "test_surface",
    "test_wide_matrix",
)
# Fixtures that build and install the distributions.
BUILT = {"dist", "environment", "wheels"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow ones; the hook is called with the items of every folder."""
    for item in items:
        if item.path.stem in SLOW or BUILT & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environments folder for the matrix, whose packages keep their bytecode."""
    return built.build(tmp_path_factory.mktemp("environments"))


@pytest.fixture(scope="session")
def workers() -> Iterator[Nursery]:
    """Processes that are workers of the suite on SQLite but for the defect."""
    nursery = Nursery("warm_worker")
    yield nursery
    nursery.close()


@pytest.fixture
def forked(workers: Nursery) -> Iterator[None]:
    """What is measured in this process's name, on SQLite, is measured by forked workers."""
    with forked_workers(workers):
        yield


@pytest.fixture
def synthetic_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of its own with the synthetic catalogue in it."""
    catalogue(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path

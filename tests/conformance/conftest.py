"""Processes that share what they import, and environments that are made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance import built
from tests.shared.forking import Nursery


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

"""The wheels of this repository, built once for all readers of its pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.reader import Reader, build


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of each distribution."""
    folder = tmp_path_factory.mktemp("dist")
    build(folder)
    return folder


@pytest.fixture
def reader(tmp_path: Path, dist: Path) -> Reader:
    """A reader who has installed nothing yet."""
    return Reader(tmp_path, dist)

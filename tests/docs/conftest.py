"""Readers of the pages: somebody with nothing, with the plugin, and with the suite installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import README, sessions
from tests.docs.reader import SUITE, Reader, build

PLUGIN = next(command for command, _ in sessions(README) if "pytest-async-orm" in command)


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of each distribution, built once."""
    folder = tmp_path_factory.mktemp("dist")
    build(folder)
    return folder


@pytest.fixture
def reader(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, dist: Path) -> Reader:
    """A reader who has installed nothing yet."""
    return Reader(tmp_path, tmp_path_factory.mktemp("nothing") / "venv", dist)


@pytest.fixture
def plugin_reader(tmp_path: Path, plugin_venv: Path, dist: Path) -> Reader:
    """A reader who has installed what the README says for the plugin, and has its files."""
    reader = Reader(tmp_path, plugin_venv, dist)
    reader.take(README)
    return reader


@pytest.fixture
def suite_reader(tmp_path: Path, suite_venv: Path, dist: Path) -> Reader:
    """A reader who has installed the suite."""
    return Reader(tmp_path, suite_venv, dist)


@pytest.fixture(scope="session")
def plugin_venv(tmp_path_factory: pytest.TempPathFactory, dist: Path) -> Path:
    """An environment with what the README installs for the plugin, shared by those who add nothing to it."""
    return _installed(tmp_path_factory.mktemp("plugin"), dist, PLUGIN)


@pytest.fixture(scope="session")
def suite_venv(tmp_path_factory: pytest.TempPathFactory, dist: Path) -> Path:
    """An environment with the suite, shared in the same way."""
    return _installed(tmp_path_factory.mktemp("suite"), dist, SUITE)


def _installed(folder: Path, dist: Path, command: str) -> Path:
    reader = Reader(folder, folder / "venv", dist)
    reader.install(command)
    return reader.venv

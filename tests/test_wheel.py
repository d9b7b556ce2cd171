"""Tests run against what users install."""

from __future__ import annotations

import importlib
import os
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif("TOX_ENV_NAME" not in os.environ, reason="only tox installs the wheel")
@pytest.mark.parametrize("name", ["conformance", "pytest_async_orm", "sample_app"])
def test_packages_come_from_the_wheel(name: str) -> None:
    """No package is imported from the checkout that the tests stand in, and each one says that it is typed."""
    origin = Path(str(importlib.import_module(name).__file__)).parent
    assert origin.parent.name == "site-packages", f"{name} comes from {origin}"
    assert origin.parent != ROOT
    assert (origin / "py.typed").is_file()


@pytest.mark.parametrize(("group", "name"), [("pytest11", "async_orm"), ("console_scripts", "async-orm-conformance")])
def test_entry_points_can_be_loaded(group: str, name: str) -> None:
    """What the wheel registers is there."""
    (found,) = entry_points(group=group, name=name)
    assert found.load()

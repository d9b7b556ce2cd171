"""The map of the plugin is true."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
ROOMS = TEXT.partition("| room | job |\n| --- | --- |\n")[2].partition("\n\n")[0].splitlines()


@pytest.fixture(scope="module")
def package() -> Path:
    """Where the plugin is installed; looked up, not imported."""
    found = importlib.util.find_spec("pytest_async_orm")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def test_every_room_has_its_row(package: Path) -> None:
    """The table names every folder and every module of the package, and nothing else."""
    listed = {name.rstrip("/") for row in ROOMS for name in re.findall(r"`([\w/.]+)`", row.split(" | ")[0])}
    inside = {path.name for path in package.iterdir() if path.name not in {"__init__.py", "__pycache__", "py.typed"}}
    assert listed == inside


def test_every_module_is_where_it_is_said_to_be(package: Path) -> None:
    """Each module that a row names is in its room, and each that a walk names is in the package."""
    named = {path for path in re.findall(r"`([a-z_]+/[a-z_]+\.py)`", TEXT) if not path.startswith("benchmarks/")}
    for row in ROOMS:
        room, job = row.strip("| ").split(" | ")
        if room.endswith("/`") and ", " not in room:
            named |= {f"{room.strip('`')}{module}.py" for module in re.findall(r"`([a-z_]+)`", job)}
    missing = [path for path in sorted(named) if not (package / path).exists() and not (ROOT / path).exists()]
    assert missing == []


@pytest.mark.parametrize("configured", ["pyproject.toml", "tests/plugin/pytest.ini"])
def test_suites_leave_out_by_markers_that_there_are(configured: str) -> None:
    """pytest ends a run whose expression names a marker that its configuration does not."""
    expressions = re.findall(r'"-m", "(.+?)"', (ROOT / "tests/suites.py").read_text("utf-8"))
    # `quick` runs pytest in both places; what no database changes is the plugin's.
    chosen = [each for each in expressions if "slow" in each or "plugin" in configured]
    markers = set(re.findall(r"\w+", " ".join(chosen))) - {"not", "and", "or"}
    text = (ROOT / configured).read_text("utf-8")
    assert markers
    assert {marker for marker in markers if f"{marker}: " not in text} == set()

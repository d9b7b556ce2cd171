"""The seams: what may be imported without what, what is public, and where the version comes from."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import conformance

ROOT = Path(__file__).parents[2]
FACADES = [
    *("case", "catalogue", "checks", "checks.workarounds", "cli", "defects", "environment", "expectations", "gate"),
    *("matrix", "report", "results", "runner", "strategies"),
]


@pytest.mark.parametrize("name", ["case", "catalogue", "environment", "expectations", "gate", "results"])
def test_data_needs_neither_django_nor_pytest(name: str, tmp_path: Path) -> None:
    """A machine that only judges or reports needs neither of them."""
    code = (
        f"import sys, conformance.{name}\n"
        "heavy = {'django', 'asgiref', 'pytest', '_pytest', 'hypothesis', 'click', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert ended.stdout.strip() == "[]"


def test_the_command_line_needs_neither_until_it_measures(tmp_path: Path) -> None:
    """`gate` and `merge` run where Django is not installed."""
    code = "import sys, conformance.cli; print(sorted({'django', 'pytest', '_pytest'} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert ended.stdout.strip() == "[]"


def test_a_worker_imports_what_its_environment_has(tmp_path: Path) -> None:
    """A worker runs on the environments that `matrix` builds, which have Django, the drivers and Hypothesis alone."""
    code = (
        "import sys, conformance.worker.__main__, conformance.worker.cells, conformance.worker.database\n"
        "import conformance.worker.coroutines, conformance.defects, conformance.environment.detect\n"
        "from conformance.checks import registered_cells; from conformance.catalogue import load_catalogue\n"
        "registered_cells(), load_catalogue()\n"
        "others = {'click', 'filelock', 'jinja2', 'jsonschema', 'packaging', 'platformdirs', 'rich'}\n"
        "print(sorted(others & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert ended.stdout.strip() == "[]"


@pytest.mark.parametrize("name", FACADES)
def test_every_public_name_is_there(name: str) -> None:
    """A facade exports what it says, each name once."""
    module = importlib.import_module(f"conformance.{name}")
    assert len(set(module.__all__)) == len(module.__all__)
    assert all(hasattr(module, item) for item in module.__all__)


def test_the_version_has_one_place() -> None:
    """Both builds read the constant, so a folder on the path and either wheel say the same."""
    plugin, suite = ((ROOT / folder / "pyproject.toml").read_text("utf-8") for folder in (".", "conformance"))
    for project in (plugin, suite):
        assert 'dynamic = ["version"]' in project
        assert not re.search(r"^version = ", project, re.MULTILINE)
    assert 'path = "conformance/__init__.py"' in plugin
    assert 'path = "__init__.py"' in suite
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", conformance.__version__)

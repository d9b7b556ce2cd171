"""This suite runs with `async_orm_leaks = error`: here it is seen to fail by it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import leaking
import pytest

HERE = Path(__file__).parent


def test_a_planted_leak_fails_this_suite() -> None:
    """With the suite's own settings, on a database in files: the line is the view's that opened the connection."""
    source = Path(leaking.__file__)
    line = next(number for number, text in enumerate(source.read_text().splitlines(), 1) if "Post.objects" in text)
    command = [sys.executable, "-m", "pytest", "-c", str(HERE / "pytest.ini"), str(source), "-p", "no:cacheprovider"]
    options = ["--ds", "sample_app.settings.sqlite_immediate"]
    found = subprocess.run([*command, *options], capture_output=True, text=True, cwd=HERE.parent.parent, check=False)
    assert found.returncode == pytest.ExitCode.TESTS_FAILED, found.stdout + found.stderr
    assert f"leaking.py:{line}" in found.stdout
    assert "1 passed, 1 error" in found.stdout
    assert "ConnectionsLeaked" in found.stdout

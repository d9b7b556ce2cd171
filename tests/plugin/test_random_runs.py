"""The runner of random orders counts what fails, and says how to repeat it."""

from __future__ import annotations

from pathlib import Path

import pytest
import random_runs

pytestmark = pytest.mark.any_database


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A suite of its own instead of the plugin's; its test fails in one of two runs."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_planted.py").write_text(
        "import pathlib\n"
        "def test_flake():\n"
        "    marker = pathlib.Path(__file__).with_name('ran')\n"
        "    ran = marker.exists()\n"
        "    marker.touch()\n"
        "    assert not ran\n"
    )
    monkeypatch.setattr(random_runs, "PLUGIN", tmp_path)
    monkeypatch.setattr(random_runs, "ROOT", tmp_path)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return tmp_path


def test_a_flake_is_counted(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One bad run of two is told by the test's name and a command with its seed."""
    assert random_runs.run_all(2, "sqlite-memory", 1, [str(suite)]) == 1
    shown = capsys.readouterr().out
    assert "run 2: test_planted.py::test_flake" in shown
    assert "NATURAL_DATABASE=sqlite-memory" in shown
    assert "--randomly-seed=" in shown
    assert "2 runs in random order, 1 busy processes beside, 1 with a failure" in shown


def test_a_run_without_tests_is_no_success(suite: Path) -> None:
    """Where pytest finds nothing to run, that is a failure too."""
    (suite / "test_planted.py").write_text("")
    assert random_runs.run_all(1, "sqlite-memory", 0, [str(suite)]) == 1


def test_its_files_are_there() -> None:
    """A file that was renamed is noticed here, not in a nightly run."""
    here = Path(__file__).parent
    assert [name for name in random_runs.FILES if not (here / name).is_file()] == []

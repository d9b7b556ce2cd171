"""What the runner of public suites compares, and what it prints: by plain calls."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from zipfile import ZipFile

import public_suites
import pytest
from public_suites import Comparison, Outcomes, SuiteDidNotRun, compare, outcomes_of, run_all
from public_suites_known import SUITES, PublicSuite
from public_suites_table import BEGIN, END, render

pytestmark = pytest.mark.any_database
# Of the plugins that are installed here, the suite has the one that it needs: it starts many times.
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
MORE = ["-p", "pytest_asyncio.plugin"]
REAL = {"::test_locks": "waits for a lock"}
SUITE = PublicSuite("planted", "owner/planted", "abc", "3.13", ".", environ=ALONE, real=REAL)
# Red wherever the plugin is on the path, as a plugin's fault would be, and a time-out of its own that happens once.
TESTS = """
import importlib.util, pathlib, pytest

def test_always():
    pass

def test_fault():
    assert importlib.util.find_spec("planted_plugin") is None

def test_time_out_of_its_own():
    marker = pathlib.Path(__file__).with_name("ran")
    first = importlib.util.find_spec("planted_plugin") is not None and not marker.exists()
    if first:
        marker.touch()
    assert not first

@pytest.mark.django_db(transaction=True)
async def test_locks(request):
    assert request.node.get_closest_marker("django_db").kwargs.get("transaction")
"""


def line(test: str, phase: str, outcome: str, expected: bool = False) -> str:
    return json.dumps([test, phase, outcome, expected])


def test_outcome_is_the_worst_of_its_phases() -> None:
    """A test that fails in its tear-down has failed; an expected failure is one; a skipped test has not passed."""
    lines = [line("a", "call", "passed"), line("a", "teardown", "failed"), line("b", "call", "skipped", True)]
    lines += [line("c", "setup", "skipped"), line("c", "teardown", "passed"), line("d", "call", "passed")]
    found = outcomes_of(lines)
    assert found == {"a": "failed", "b": "xfailed", "c": "skipped", "d": "passed"}
    assert Outcomes(found, 1.0).passed() == {"b", "d"}


def test_only_what_got_worse_counts() -> None:
    """A test that failed before is no difference, one that is missing is, and some need real connections."""
    without = Outcomes({"f::a": "passed", "f::b": "failed", "f::test_locks": "passed", "f::gone": "passed"}, 2.0)
    with_it = Outcomes({"f::a": "passed", "f::b": "passed", "f::test_locks": "failed"}, 1.0)
    plain = compare(SUITE, "plain", without, with_it)
    assert (plain.worse, plain.better) == (["f::gone", "f::test_locks"], ["f::b"])
    assert compare(SUITE, "isolated", without, with_it).worse == ["f::gone"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of one checkout, with this interpreter as its environment."""
    (tmp_path / "planted").mkdir()
    (tmp_path / "planted" / "test_planted.py").write_text(TESTS)
    (tmp_path / "planted" / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\nmarkers = django_db\n"
    )
    python = tmp_path / "venv" / "planted" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    with ZipFile(tmp_path / "planted.whl", "w") as wheel:
        wheel.writestr("planted_plugin.py", "")
    return tmp_path


def planted(folder: Path, kind: str, *, known: bool = False) -> Comparison:
    """The comparison of the planted suite."""
    (found,) = run_all(folder, folder / "planted.whl", [SUITE], [kind], MORE, known=known)
    return found


def test_a_fault_is_found_and_a_time_out_is_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What fails with the plugin alone is told, unless it passes when its file is run again."""
    found = planted(folder, "plain")
    assert (found.passed_without, found.passed_with) == (4, 3)
    assert found.worse == ["test_planted.py::test_fault"]
    assert "- test_planted.py::test_fault" in capsys.readouterr().out


def test_transactions_are_taken_off(folder: Path) -> None:
    """Isolated, an async test has no `transaction=True`; here that is a failure which the suite is known for."""
    found = planted(folder, "isolated")
    assert found.worse == ["test_planted.py::test_fault"]
    assert found.passed_with == 2


def test_runs_without_the_plugin_are_kept(folder: Path) -> None:
    """They are taken from the logs where that is asked for; the plugin's side is run in any case."""
    planted(folder, "plain")
    (folder / "planted" / "test_more.py").write_text("def test_more(): pass")
    found = planted(folder, "plain", known=True)
    assert (found.tests, found.passed_with, found.better) == (4, 4, ["test_more.py::test_more"])
    assert planted(folder, "plain").tests == 5


def test_a_file_that_cannot_be_imported_with_warnings_as_errors(folder: Path) -> None:
    """Leaves out its own tests alone, and what was found before is known by then."""
    (folder / "planted" / "test_warns.py").write_text("import warnings\nwarnings.warn('x')\ndef test_it(): pass")
    found = run_all(folder, folder / "planted.whl", [SUITE], ["plain", "errors"], MORE)
    assert next(found).tests == 5
    assert next(found).tests == 4


def test_a_suite_that_does_not_run_is_no_success(folder: Path) -> None:
    """Without one report there is nothing to compare; the error shows what pytest printed."""
    (folder / "planted" / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    with pytest.raises(SuiteDidNotRun, match=r"(?s)planted: no test was reported.*--no-such-option"):
        planted(folder, "plain")


def test_the_table_has_every_figure(tmp_path: Path) -> None:
    """One row for a suite, empty cells for what was not run, and the page around it stays."""
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\n{END}\nafter\n")
    plain = Comparison("planted", "plain", 9, 7, 8, [], ["x"], 1.0, 1.0)
    isolated = Comparison("planted", "isolated", 9, 7, 6, [], [], 1.0, 1.0)
    render([asdict(plain), asdict(isolated)], page)
    text = page.read_text()
    assert "| planted | 9 | 7 | 8 |  |  | 6 |" in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")


def test_every_suite_says_how_it_is_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """--how prints the commands and runs nothing; a name that is not known is an error that has those that are."""
    monkeypatch.setattr(sys, "argv", ["public_suites.py", "--how"])
    assert public_suites.main() == 0
    shown = capsys.readouterr().out
    for suite in SUITES:
        assert f"git clone https://github.com/{suite.repository} {suite.name}" in shown
    monkeypatch.setattr(sys, "argv", ["public_suites.py", "--how", "chanels"])
    with pytest.raises(SystemExit):
        public_suites.main()
    assert "no suite is called chanels: strawberry-django" in capsys.readouterr().err

"""A second matrix without a change: nothing is started, and whatever has changed is measured."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.environment import Environment
from conformance.results import read_folder
from conformance.runner import matrix as runner
from tests.conformance.built import SERIES

ONLY = ["--only", "queryset.acount:result", "--only", "queryset.aexists:result"]


@pytest.fixture
def command(tmp_path: Path, environments: Path) -> list[str]:
    """A matrix of one column on SQLite."""
    where = ["--environments", str(environments), "--results", str(tmp_path / "results")]
    return ["matrix", "--django", SERIES[-1], "--profile", "smoke", *where]


def lines(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_without_a_change_nothing_is_started(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The column is marked as reused, the report is kept, and no worker runs; another cell is measured."""
    sqlite = [*command, "--database", "sqlite"]
    assert main([*sqlite, *ONLY]) == 0
    assert "reused" not in lines(capsys)
    with monkeypatch.context() as patched:
        patched.delattr(runner, "supervise")
        began = time.process_time()
        assert main([*sqlite, *ONLY]) == 0
        assert time.process_time() - began < 5
    out = lines(capsys)
    assert "Django 5.2 on SQLite: reused, nothing has changed (1 of 1 columns)" in out
    assert "nothing has changed: the report is that of the last run" in out
    assert main([*sqlite, *ONLY, "--only", "queryset.aget:result"]) == 0
    assert "2 of 3 cells kept from before" in lines(capsys)
    (results,) = read_folder(tmp_path / "results")
    assert [measured.reused for measured in results.cells] == [True, True, False]


def test_whatever_has_changed_is_measured_again(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that was touched, a report that is gone, an address: the usual way is gone."""
    sqlite = [*command, "--database", "sqlite", *ONLY]
    assert main(sqlite) == 0
    (tmp_path / "results" / "report" / "index.html").unlink()
    lines(capsys)
    assert "reused" not in (tmp_path / "results" / "report" / "runs.html").read_text()
    assert main(sqlite) == 0
    out = lines(capsys)
    assert "reused" in out
    said = "all results were reused from an earlier run, measured on "
    assert said in (tmp_path / "results" / "report" / "index.html").read_text().lower()
    (results,) = read_folder(tmp_path / "results")
    assert all(measured.reused and measured.day for measured in results.cells)
    assert "the report is that of the last run" not in out
    monkeypatch.setenv("SAMPLE_APP_SQLITE_DIR", str(tmp_path))
    assert main(sqlite) == 0
    assert "2 of 2 cells kept from before" in lines(capsys)
    (path,) = (tmp_path / "results").glob("*.jsonl")
    path.write_text(path.read_text().replace('"pass"', '"n/a"', 1))
    assert main(sqlite) == 0
    assert "reused" not in lines(capsys)
    assert list((tmp_path / "results").glob("*.old-1.jsonl"))
    (results,) = read_folder(tmp_path / "results")
    assert {str(results.verdict(cell)) for cell in results.planned} == {"pass"}


def test_a_server_is_asked_once_and_another_version_is_another_environment(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was measured on a server counts while that server has the version that it had."""
    ways = ["--database", "postgresql", "--database", "postgresql-server-side-binding"]
    assert main([*command, *ways, *ONLY]) == 0
    environment = read_folder(tmp_path / "results")[0].environment
    lines(capsys)
    asked = []

    def ask(job: object, started: object) -> Environment:
        asked.append(job)
        return Environment.from_dict({**environment.as_dict(), "server_version": version})

    monkeypatch.setattr(runner, "ask_environment", ask)
    version = environment.server_version
    assert main([*command, *ways, *ONLY]) == 0
    assert (lines(capsys).count("reused"), len(asked)) == (2, 1)
    version = "99.1"
    assert main([*command, *ways, *ONLY]) == 0
    assert lines(capsys).count("2 of 2 cells kept from before") == 2


def test_the_plan_says_what_was_measured_from_what(command: list[str], tmp_path: Path) -> None:
    """A digest of the inputs and the file's checksum, and neither for what must be measured again."""
    assert main([*command, "--database", "sqlite", *ONLY]) == 0
    (column,) = json.loads((tmp_path / "results" / "matrix.json").read_text())["columns"]
    assert len(column["inputs"]) == 16
    assert len(column["output"]) == 64

"""`diff` on the command line: what A and B may be, its formats, and its exit codes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.case import Cell
from conformance.cli import main
from conformance.results import ColumnState, PlannedMatrix, file_name, write_matrix, write_results
from tests.conformance.synthetic import COUNT, NEW, SQLITE, catalogue, results


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three Djangos in the default folder, two of them of one series."""
    monkeypatch.chdir(tmp_path)
    measured("4.2.30", {COUNT: "fail", NEW: "absent"})
    measured("5.2.1", {COUNT: "fail", NEW: "absent"})
    measured("5.2.8", {COUNT: "pass", NEW: "absent"})


def measured(django: str, verdicts: dict[Cell, str | list[str]], folder: str = "conformance-results") -> None:
    """Write results of the synthetic catalogue."""
    written = results(
        verdicts, environment=replace(SQLITE, django=django, asgiref="3.8.1"), digest=catalogue(Path()).hash
    )
    write_results(written, Path(folder) / file_name(written.environment))


def diff(*arguments: str) -> int:
    """Compare by the synthetic catalogue."""
    return main(["diff", "--catalogue", "catalogue", *arguments])


RIGHT = "\nBecame right (1)\n  queryset\n    `queryset.acount`  Count rows: fail → pass\n"


def test_two_versions_of_one_folder(capsys: pytest.CaptureFixture[str]) -> None:
    """A series stands for its newest release, an exact version for itself."""
    assert diff("4.2", "5.2") == 0
    assert capsys.readouterr().out == (
        "Django 4.2.30 → 5.2.8\nEntries: became right 1. Cells with the same verdict: 1. Compared on SQLite.\n" + RIGHT
    )
    assert diff("4.2.30", "5.2.1") == 0
    assert "Nothing changed. Cells with the same verdict: 2." in capsys.readouterr().out


def test_columns_that_were_not_measured_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """A series of which another database failed still stands for its newest release."""
    columns = (ColumnState("5.2", "mariadb", "failed", reason="no server"), ColumnState("5.2", "postgresql"))
    plan = PlannedMatrix("0.1", catalogue(Path()).hash, 1, "ci", "asyncio", (COUNT, NEW), columns)
    write_matrix(plan, Path("conformance-results"))
    assert diff("4.2", "5.2") == 0
    printed = capsys.readouterr()
    assert printed.out.endswith(RIGHT)
    assert printed.err.splitlines()[0].startswith("left out: Django 5.2, asgiref ?")


def test_two_folders(capsys: pytest.CaptureFixture[str]) -> None:
    """A path is what is there, whatever it is called; a file works too."""
    measured("5.2.9", {COUNT: "fail", NEW: "absent"}, folder="4.2")
    (path,) = Path("4.2").glob("*.jsonl")
    for name in ("4.2", str(path)):
        assert diff("5.2.8", name) == 0
        assert "Django 5.2.8 → 5.2.9" in capsys.readouterr().out


def test_formats(capsys: pytest.CaptureFixture[str]) -> None:
    """Markdown and JSON say the same."""
    assert diff("5.2.1", "5.2.8", "--format", "md") == 0
    assert "\n## Became right (1)\n" in capsys.readouterr().out
    assert diff("5.2.1", "5.2.8", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["counts"] == {"right": 1}


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["5.2", "elsewhere"], 64, "'elsewhere' is neither a file or a folder of results nor a Django version."),
        (["5.2"], 64, "Missing argument 'B'."),
        (["5.2", "6.0"], 12, "conformance-results has no results of Django 6.0; it has 4.2.30, 5.2.1, 5.2.8."),
        (["4.2", "5.2", "--results", "none"], 12, "There are no results in none."),
    ],
)
def test_what_cannot_be_compared(
    arguments: list[str], code: int, error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The code and what to do."""
    assert diff(*arguments) == code
    assert error in capsys.readouterr().err


def test_broken_results_are_65(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not one of results is named."""
    Path("broken.jsonl").write_text("{}\n")
    assert diff("5.2", "broken.jsonl") == 65
    assert "broken.jsonl is not a result file of this suite" in capsys.readouterr().err

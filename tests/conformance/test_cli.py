"""The command line: every exit code, every message, never a traceback for what the user can put right."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click
import pytest

from conformance import __version__
from conformance.case import Cell
from conformance.cli import app, main
from conformance.results import Results, file_name, read_folder, write_results
from tests.conformance.synthetic import ATOMIC, COUNT, OBSERVED, SQL, SQLITE, catalogue, results

EXPECT = '[[expect]]\nmatch = "{}"\noutcome = "fail"\nclass = "bug"\nreason = "r"\nissue = "#1"\n'


pytestmark = pytest.mark.usefixtures("synthetic_folder")


def measured(verdicts: dict[Cell, str | list[str]], folder: str = "conformance-results", **more: object) -> Results:
    """Write results of the synthetic catalogue to a folder."""
    written = results(verdicts, digest=catalogue(Path()).hash, **more)  # type: ignore[arg-type]
    write_results(written, Path(folder) / file_name(written.environment))
    return written


def gate(*arguments: str) -> int:
    """Judge against the synthetic catalogue."""
    return main(["gate", "--catalogue", "catalogue", *arguments])


@pytest.mark.parametrize(
    ("verdict", "match", "code", "last"),
    [
        ("pass", "", 0, "exit 0 (conforms)"),
        ("fail", "", 10, "exit 10 (regression)"),
        ("fail", "queryset.acount", 0, "exit 0 (conforms)"),
        ("pass", "queryset.acount", 11, "exit 11 (stale or unmatched expectation)"),
        ("pass", "queryset.gone", 11, "exit 11 (stale or unmatched expectation)"),
        ([], "", 12, "exit 12 (incomplete)"),
        ("harness_error", "", 13, "exit 13 (setup or harness error)"),
        (["pass", "fail"], "", 14, "exit 14 (unregistered flake)"),
        ("harness_error", "queryset.gone", 13, "exit 13 (setup or harness error), also 11 (stale or unmatched exp"),
    ],
)
def test_gate_answers_with_its_code(
    verdict: str | list[str], match: str, code: int, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """From files to the code and the last line, with the default folder."""
    measured({COUNT: verdict})
    Path("e.toml").write_text(EXPECT.format(match) if match else "")
    assert gate("--expectations", "e.toml") == code
    assert capsys.readouterr().out.splitlines()[-1].startswith(last)


def test_gate_prints_plain_and_stable_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Grouped by code and environment, the same bytes each time, no colour codes where there is no terminal."""
    measured({COUNT: "silent", SQL: "pass", ATOMIC: "loud"}, environment=SQLITE)
    assert gate() == gate() == 10
    text = (
        "10 regression: Django 5.2.8, asgiref 3.10.0, Python 3.12.1, SQLite 16.2 file (sqlite3 3.2.1), asyncio\n"
        "  queryset.acount:result is silent: 2 rows instead of 3; `async-orm-conformance show queryset.acount` says"
        " what it checks.\n"
        "verdicts of 3 cells: silent 1, loud 1, pass 1\n"
        "exit 10 (regression)\n"
    )
    assert capsys.readouterr().out == text * 2


def test_gate_says_what_does_not_gate_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    """Listed apart, with the reason of each, and counted."""
    measured({COUNT: "fail", OBSERVED: "silent"})
    Path("e.toml").write_text(EXPECT.format("queryset.acount"))
    assert gate("--expectations", "e.toml") == 0
    assert capsys.readouterr().out.splitlines() == [
        "not gating, by reason:",
        "  as expected (bug, #1):",
        "      queryset.acount:result fail",
        "  its entry has the level `observe`: 2 rows instead of 3:",
        "      queryset.aslow:result silent",
        "0 to correct, and 2 that do not gate",
        "verdicts of 2 cells: silent 1, fail 1",
        "exit 0 (conforms)",
    ]


def test_gate_reads_a_file_once_however_often_it_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A file beside its folder is not a second attempt."""
    written = measured({COUNT: "fail"})
    gate("conformance-results", f"conformance-results/{file_name(written.environment)}")
    assert "verdicts of 1 cells: fail 1" in capsys.readouterr().out


def test_gate_without_results_says_how_to_measure(capsys: pytest.CaptureFixture[str]) -> None:
    """No folder: 12, one error, one remedy, nothing on stdout."""
    assert gate() == 12
    assert capsys.readouterr() == (
        "",
        (
            "error: There are no results in conformance-results.\n"
            "  Measure first with `async-orm-conformance matrix`, or name the folder that has the results.\n"
        ),
    )


def test_invalid_input_is_65(capsys: pytest.CaptureFixture[str]) -> None:
    """Broken results, expectations or catalogue, and results of another catalogue: each with its remedy."""
    measured({COUNT: "pass"})
    Path("broken.jsonl").write_text("{}\n")
    Path("e.toml").write_text("[[expect]]")
    for arguments, message in [
        (["broken.jsonl"], "error: broken.jsonl is not a result file of this suite: line 1: its type is None"),
        (
            ["--expectations", "e.toml"],
            "error: The expectations in e.toml cannot be read: in expect, number 1: `match`",
        ),
        (["--expectations", "none.toml"], "No such file or directory"),
        (["--catalogue", "none"], "error: The catalogue cannot be read: none: No such file or directory."),
    ]:
        assert gate(*arguments) == 65
        error = capsys.readouterr().err
        assert message in error
        assert "Traceback" not in error
        assert len(error.splitlines()) == 2
    (known,) = Path("catalogue").glob("*.toml")
    known.write_text(known.read_text().replace("Watched", "Seen"))
    assert gate() == 65
    assert "was measured with another catalogue" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gat"], "No such command 'gat'"),
        (["gate", "--expectation"], "No such option"),
        (["merge", "a"], "Missing option '-o' / '--output'"),
        (["merge", "--output", "x"], "Missing argument 'PARTS...'"),
        (["schema", "result"], "'result' is not one of"),
        (["show"], "Missing argument 'ID'"),
        (["show", "queryset.acont", "--catalogue", "catalogue"], "Did you mean queryset.acount"),
        (["list", "querysets", "--catalogue", "catalogue"], "There is no entry, area or check called 'querysets'."),
    ],
)
def test_usage_errors_are_64(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong call is told apart from a wrong result."""
    assert main(arguments) == 64
    assert message in capsys.readouterr().err


def test_an_interruption_is_12_and_says_that_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C in any command."""
    monkeypatch.setitem(app.commands, "wait", click.Command("wait", callback=lambda: _throw(KeyboardInterrupt())))
    assert main(["wait"]) == 12
    expected = "interrupted: what was measured is kept, and the same command goes on from there"
    assert capsys.readouterr().err.strip() == expected


def test_a_defect_of_the_suite_is_13_with_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the user cannot put right is shown whole, and never looks like a regression."""
    monkeypatch.setitem(app.commands, "fall", click.Command("fall", callback=lambda: _throw(ZeroDivisionError("x"))))
    assert main(["fall"]) == 13
    error = capsys.readouterr().err
    assert "ZeroDivisionError: x" in error
    assert "error: this is a defect of the suite" in error


def _throw(error: BaseException) -> None:
    raise error


def test_merge_writes_what_can_be_merged_again(capsys: pytest.CaptureFixture[str]) -> None:
    """Two halves become a whole; a different file that was there is set aside, not lost."""
    for cell in (COUNT, SQL):
        measured({cell: "pass"}, folder=cell.check, planned=(COUNT, SQL))
    assert main(["merge", "result", "--output", "out"]) == 0
    assert capsys.readouterr().out.strip().endswith(": 1 of 2 cells, partial")
    assert main(["merge", "out", "sql", "--output", "out"]) == 0
    assert "cells\n  the file that was there is now" in capsys.readouterr().out
    (merged,) = read_folder(Path("out"))
    assert (merged.complete, len(merged.cells)) == (True, 2)
    assert main(["merge", "out", "--output", "out"]) == 0
    assert gate("out") == 0


def test_merge_refuses_what_cannot_be_compared(capsys: pytest.CaptureFixture[str]) -> None:
    """65 for another seed, 13 for a place that cannot be written; nothing is written."""
    whole = measured({COUNT: "pass"}, folder="a")
    write_results(replace(whole, seed=2), Path("b") / "b.jsonl")
    assert main(["merge", "a", "b", "--output", "out"]) == 65
    assert "cannot be merged: their seed differs (2 and 1)" in capsys.readouterr().err
    assert not Path("out").exists()
    Path("file").write_text("")
    assert main(["merge", "a", "--output", "file"]) == 13
    assert "error: The results cannot be written to file/" in capsys.readouterr().err


def test_help_and_version_are_0(capsys: pytest.CaptureFixture[str]) -> None:
    """Both print to stdout and succeed; help names every command with its purpose."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip().endswith(__version__)
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {name}" in out for name in ("gate", "list", "merge", "schema", "show"))


def test_the_module_exits_with_the_code() -> None:
    """`python -m conformance` answers to the shell what `main` answers to Python."""
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-m", "conformance", "gate", "none"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": root})
    assert (ended.returncode, ended.stdout) == (12, "")
    assert ended.stderr.startswith("error: There are no results in none.")

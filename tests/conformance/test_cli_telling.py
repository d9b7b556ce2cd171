"""What the commands print of a failure, in the reader's terms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from conformance.case import Cell, Failure, Measured, Table
from conformance.catalogue import load_catalogue
from conformance.cli.app import main
from conformance.cli.run import _Lines
from conformance.cli.verdicts import MOST_TOLD
from conformance.results import write_results
from tests.conformance import synthetic

CELL = Cell("queryset.acount", "result")
FAILURE = Failure(
    "The result differs.",
    difference="- 1\n+ 2",
    example="await Post.objects.acount()",
    rows=(Table("Post", ("id", "title"), (("1", "'a'"),)),),
)
TOLD = ["await Post.objects.acount()", "Post", "id  title", "1   'a'", "- 1", "+ 2"]


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.startswith("      ") and line.strip()]


def test_the_gate_tells_what_went_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Below a regression stand the code that was run, the rows and the difference."""
    run = synthetic.results({CELL: "silent"})
    told = replace(run, catalogue=load_catalogue().hash, cells=(Measured(CELL, "silent", failure=FAILURE),))
    write_results(told, tmp_path / "part.jsonl")
    assert main(["gate", str(tmp_path)]) == 10
    assert lines(capsys.readouterr().out) == TOLD


def test_a_run_tells_the_first_failures_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    """A failure is told below its line, the first ones alone: a run may have thousands."""
    shown = _Lines(Console(width=200))
    for _ in range(MOST_TOLD + 1):
        shown.measured(Measured(CELL, "silent", failure=FAILURE))
    shown.measured(Measured(CELL, "pass"))
    out = capsys.readouterr().out
    assert lines(out) == TOLD * MOST_TOLD
    assert out.count("The result differs.") == MOST_TOLD + 1

"""A worker that goes wrong beside its cells: before the first, between two, after the last."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from conformance.case import Cell, ExitCode, Measured, SuiteError
from conformance.environment import Environment
from conformance.results import read_folder
from conformance.results.records import cell_record, run_record
from conformance.runner import PROFILES, Job, Outcome, supervise
from tests.conformance.synthetic import COUNT, POSTGRESQL, SQL

RUN = run_record(POSTGRESQL, seed=0, profile="smoke", suite="0.1", catalogue="h")
READY = {"type": "ready"}


class Silence:
    """A listener that does not listen."""

    def planned(self, environment: Environment, done: int, total: int) -> None: ...

    def measured(self, measured: Measured) -> None: ...


def measured(cell: Cell) -> list[dict[str, object]]:
    """What a worker says of a cell that passes."""
    return [
        {"type": "start", "cell": str(cell)},
        cell_record(Measured(cell, "pass")),
        {"type": "finish", "cell": str(cell)},
    ]


def job(folder: Path, *script: dict[str, object] | str) -> Job:
    """A job whose worker says these records, after the order and after the cells; a text is code that it runs."""
    lines = ["import json, os, signal, sys", "sys.stdin.readline()"]
    lines += [
        step if isinstance(step, str) else f"print({json.dumps(json.dumps(step))}, flush=True)" for step in script
    ]
    (folder / "script.py").write_text("\n".join(lines))
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{folder}/script.py"\n')
    python.chmod(0o755)
    return Job(str(python), "settings", dict(os.environ), (COUNT, SQL), PROFILES["smoke"], 0, folder / "results")


def outcome(job: Job) -> Outcome:
    """How it ends."""
    return supervise(job, Silence())


LISTEN = "sys.stdin.readline()"


def test_a_worker_that_says_all_is_complete(tmp_path: Path) -> None:
    """The control: both cells, an end record, no problem, also where it crashes after the last cell."""
    ended = outcome(job(tmp_path, RUN, LISTEN, READY, *measured(COUNT), *measured(SQL), "os.abort()"))
    assert (ended.problem, ended.kind, ended.environment) == ("", "", POSTGRESQL)
    assert read_folder(tmp_path / "results")[0].complete


@pytest.mark.parametrize(
    ("end", "problem"),
    [
        (
            "os.kill(os.getpid(), signal.SIGKILL)",
            "the worker was ended from outside (killed by SIGKILL) between two cells",
        ),
        ("os.abort()", "the worker was lost between two cells: the process ended: killed by SIGABRT"),
        ("sys.exit(5)", "the worker was lost between two cells: the process ended: exit status 5"),
    ],
)
def test_a_worker_lost_between_two_cells_blames_none(end: str, problem: str, tmp_path: Path) -> None:
    """What it measured is kept, the rest is unknown: a rerun may have better luck."""
    ended = outcome(job(tmp_path, RUN, LISTEN, READY, *measured(COUNT), end))
    assert (ended.problem, ended.kind) == (problem, "killed")
    (results,) = read_folder(tmp_path / "results")
    assert [str(results.verdict(cell)) for cell in (COUNT, SQL)] == ["pass", "unknown"]
    assert not results.complete


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (['sys.exit("no such module")'], "settings"),
        ([{"type": "error", "kind": "database", "message": "refused"}], "database"),
        ([RUN, LISTEN, {"type": "error", "kind": "database", "message": "may not create"}], "database"),
        (["os.kill(os.getpid(), signal.SIGTERM)"], "killed"),
    ],
)
def test_a_worker_that_cannot_begin_says_why(script: list[dict[str, object] | str], kind: str, tmp_path: Path) -> None:
    """Its own words or its last ones; no cell is blamed."""
    ended = outcome(job(tmp_path, *script))
    assert ended.kind == kind
    assert ended.problem
    if ended.path:
        assert not read_folder(tmp_path / "results")[0].cells


def test_half_of_a_cells_attempts_are_not_kept(tmp_path: Path) -> None:
    """A cell that failed once and was interrupted before its second attempt is unknown, not failed."""
    first = [{"type": "start", "cell": str(COUNT)}, cell_record(Measured(COUNT, "fail"))]
    ended = outcome(job(tmp_path, RUN, LISTEN, READY, *first, "os.kill(os.getpid(), signal.SIGKILL)"))
    assert ended.kind == "killed"
    assert read_folder(tmp_path / "results")[0].cells == ()


def test_an_interpreter_that_is_not_there_is_13(tmp_path: Path) -> None:
    """With its path and what to do."""
    gone = job(tmp_path)
    Path(gone.python).unlink()
    with pytest.raises(SuiteError, match="cannot be started: No such file or directory") as caught:
        outcome(gone)
    assert caught.value.code is ExitCode.HARNESS

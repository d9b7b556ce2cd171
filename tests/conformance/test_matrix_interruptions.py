"""Interrupt a whole matrix in the middle: columns that never began are not forgotten."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.results import read_folder
from tests.conformance.built import SERIES
from tests.conformance.commands import cells_in, conform, finish, is_gone, lines_of, start, wait_until

ONLY = [word for name in ("queryset.acount", "queryset.aexists", "queryset.aget") for word in ("--only", name)]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are found below /proc")


@pytest.fixture
def command(tmp_path: Path, environments: Path) -> list[str]:
    """A matrix of two columns, one at a time."""
    (tmp_path / "tmp").mkdir()
    return [
        *("matrix", "--database", "sqlite", "--workers", "1", "--profile", "smoke", *ONLY),
        *(word for series in SERIES for word in ("--django", series)),
        *("--environments", str(environments), "--results", str(tmp_path / "results")),
    ]


def children(pid: int) -> list[int]:
    """The processes that a thread of the process has started and that have not ended."""
    found = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(text) for line in found for text in line.split()]


def begin(command: list[str], folder: Path) -> tuple[subprocess.Popen[str], int]:
    """Start the matrix and wait for its first results; the process and its worker's pid."""
    process = start(*command, cwd=folder, TMPDIR=str(folder / "tmp"))
    wait_until(lambda: cells_in(folder / "results") > 0, "the first cell is measured")
    (worker,) = children(process.pid)
    return process, worker


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_an_interrupted_matrix_is_incomplete_and_goes_on(
    name: str, command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its worker ends, the column that never began is unknown for the gate, and a rerun measures just what is left."""
    process, worker = begin(command, tmp_path)
    process.send_signal(signal.Signals[name])
    output = finish(process)
    assert process.returncode == (-signal.SIGKILL if name == "SIGKILL" else 12)
    assert "Traceback" not in output
    assert name == "SIGKILL" or "the same command measures the rest" in output
    wait_until(lambda: is_gone(worker), "the worker has ended")
    assert not list((tmp_path / "tmp").glob("conformance-*"))
    began, waiting = read_folder(tmp_path / "results")
    assert [results.environment.django for results in (began, waiting)] == ["5.1", "5.2"]
    assert len(began.missing) < len(began.planned) == len(waiting.planned) == len(waiting.missing)
    assert main(["gate", str(tmp_path / "results")]) == 12
    assert "12 incomplete: Django 5.2, asgiref ?" in capsys.readouterr().out

    kept = cells_in(tmp_path / "results")
    rerun = conform(*command, cwd=tmp_path)
    assert rerun.returncode == 0, rerun.stdout + rerun.stderr
    assert f"{kept} of {len(began.planned)} cells kept from before" in rerun.stdout
    assert cells_in(tmp_path / "results") == 2 * len(began.planned)
    assert main(["gate", str(tmp_path / "results")]) == 0


def test_a_killed_worker_costs_its_own_column_alone(command: list[str], tmp_path: Path) -> None:
    """The other column is measured, the answer is 12 with what to do, and a rerun measures the rest."""
    process, worker = begin(command, tmp_path)
    os.kill(worker, signal.SIGKILL)
    output = finish(process)
    assert process.returncode == 12
    assert (
        "error: Django 5.1 on SQLite was not measured: the worker was ended from outside (killed by SIGKILL)" in output
    )
    assert "What was measured is kept; the same command measures the rest." in output
    partial, whole = read_folder(tmp_path / "results")
    assert (partial.complete, whole.complete) == (False, True)
    kept = lines_of(tmp_path / "results")
    assert conform(*command, cwd=tmp_path).returncode == 0
    assert cells_in(tmp_path / "results") == 2 * len(partial.planned)
    assert set(kept) < set(lines_of(tmp_path / "results"))


def test_a_second_matrix_in_one_folder_is_refused(command: list[str], tmp_path: Path) -> None:
    """It says so and leaves the first one alone."""
    process, worker = begin(command, tmp_path)
    second = conform(*command, cwd=tmp_path)
    assert second.returncode == 13
    assert "another matrix is at work in it" in second.stderr
    assert not is_gone(worker) or cells_in(tmp_path / "results") > 1
    finish(process)
    assert process.returncode == 0

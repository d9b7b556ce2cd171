"""Interrupt measurements in the middle: what was measured is kept, and a rerun measures the rest and no more."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.results import read_folder
from tests.conformance.commands import MISBEHAVING, SYNTHETIC, cells_in, conform, finish, is_gone, start, wait_until

pytestmark = pytest.mark.usefixtures("forked")
CATALOGUE = str(MISBEHAVING / "catalogue")
# In the order of the catalogue: the one that waits to be interrupted comes after three, and before the last.
ONLY = ["passes", "silent", "refuses", "waits", "depends"]
COMMAND = [
    "run",
    *SYNTHETIC,
    *(word for name in ONLY for word in ("--only", f"synthetic.{name}")),
    *("--profile", "smoke", "--results", "results"),
]


def interrupted(
    folder: Path, interrupt: Callable[[subprocess.Popen[str], int], None], sigint: str = "SIG_DFL"
) -> tuple[int, str, int]:
    """Start, wait until the worker is inside of the fourth cell, interrupt; exit code, output, the worker's pid."""
    (folder / "tmp").mkdir()
    waiting = folder / "waiting"
    process = start(*COMMAND, cwd=folder, sigint=sigint, MISBEHAVE_WAIT=str(waiting), TMPDIR=str(folder / "tmp"))
    wait_until(lambda: waiting.exists() and waiting.read_text().endswith("\n"), "the worker waits")
    # The command reads what its worker says a moment later.
    wait_until(lambda: cells_in(folder / "results") == 3, "three cells are on the disk")
    worker = int(waiting.read_text())
    interrupt(process, worker)
    output = finish(process)
    return process.returncode, output, worker


def send_parent(name: signal.Signals) -> Callable[[subprocess.Popen[str], int], None]:
    """Interrupt the command itself."""
    return lambda process, _: process.send_signal(name)


def kill_worker(_: subprocess.Popen[str], worker: int) -> None:
    """Interrupt the worker from outside, as the system does when memory runs out."""
    os.kill(worker, signal.SIGKILL)


WAYS = [
    pytest.param(send_parent(signal.SIGINT), 12, id="SIGINT"),
    pytest.param(send_parent(signal.SIGTERM), 12, id="SIGTERM"),
    pytest.param(send_parent(signal.SIGKILL), -signal.SIGKILL, id="SIGKILL"),
    pytest.param(kill_worker, 12, id="SIGKILL of the worker"),
]


@pytest.mark.parametrize(("interrupt", "code"), WAYS)
def test_an_interruption_loses_nothing(
    interrupt: Callable[[subprocess.Popen[str], int], None],
    code: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Three cells are kept, two unknown, the gate answers 12, and the rerun measures two; nothing is left behind."""
    returncode, output, worker = interrupted(tmp_path, interrupt)
    assert returncode == code, output
    assert "Traceback" not in output
    wait_until(lambda: is_gone(worker), "the worker has ended")
    (partial,) = read_folder(tmp_path / "results")
    assert [str(partial.verdict(cell)) for cell in partial.planned] == ["pass", "silent", "loud", "unknown", "unknown"]
    gate = ["gate", "--catalogue", CATALOGUE, str(tmp_path / "results")]
    assert main(gate) == 12
    assert "synthetic.waits:result was planned but has no result" in capsys.readouterr().out
    rerun = conform(*COMMAND, cwd=tmp_path)
    assert "2 of 5 cells to measure" in rerun.stdout
    assert sum(line.startswith("[") for line in rerun.stdout.splitlines()) == 2
    assert main(gate) == 10
    # A killed worker cannot drop its database; any other does.
    assert interrupt is kill_worker or not list((tmp_path / "tmp").glob("conformance-*"))


@pytest.mark.skipif(sys.platform != "linux", reason="what a process ignores is read below /proc")
def test_a_command_in_the_background_ignores_what_its_shell_ignores(tmp_path: Path) -> None:
    """Ctrl-C for another job leaves it alone, as `nohup` and `&` promise; SIGTERM interrupts it all the same."""

    def look_and_terminate(process: subprocess.Popen[str], _: int) -> None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        ignored = next(line.split()[1] for line in status.splitlines() if line.startswith("SigIgn"))
        assert int(ignored, 16) >> (signal.SIGINT - 1) & 1
        process.send_signal(signal.SIGTERM)

    returncode, output, _ = interrupted(tmp_path, look_and_terminate, sigint="SIG_IGN")
    assert returncode == 12, output
    assert cells_in(tmp_path / "results") == 3


def test_a_report_does_not_tell_that_it_was_interrupted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Interrupted and resumed, or measured at once: the same bytes."""
    interrupted(tmp_path, send_parent(signal.SIGTERM))
    conform(*COMMAND, cwd=tmp_path)
    whole = tmp_path / "whole"
    whole.mkdir()
    conform(*COMMAND, cwd=whole)
    pages = []
    for folder in (tmp_path, whole):
        assert main(["report", "--catalogue", CATALOGUE, "--format", "json", str(folder / "results")]) == 0
        pages.append(capsys.readouterr().out)
    assert json.loads(pages[0])
    assert pages[0] == pages[1]


def test_a_second_run_into_one_folder_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    """While one measures, another is told so; the first goes on with its own database."""

    def run_another(process: subprocess.Popen[str], worker: int) -> None:
        second = conform(*COMMAND, cwd=tmp_path)
        assert second.returncode == 13
        assert "another process is writing to it" in second.stderr
        assert not is_gone(worker)
        process.send_signal(signal.SIGINT)

    assert interrupted(tmp_path, run_another)[0] == 12
    assert cells_in(tmp_path / "results") == 3

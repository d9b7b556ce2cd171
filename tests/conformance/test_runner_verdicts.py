"""Every way in which a measurement can go, through the real supervisor and worker, in every format and exit code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.case import Cell
from conformance.cli import main
from conformance.results import Results, read_folder, write_results
from tests.conformance.commands import MISBEHAVING, SYNTHETIC, conform, forked_workers
from tests.shared.forking import Nursery

CATALOGUE = str(MISBEHAVING / "catalogue")
# entry: (verdict, what the result says of it, the gate's code for it alone)
TRUTH = {
    "passes": ("pass", "", 0),
    "waits": ("pass", "", 0),
    "unseen": ("vacuous", "nothing was seen of: statements", 10),
    "lacking": ("n/a", "SQLite lacks this: The database can do what none can.", 0),
    "depends": ("blocked", "synthetic.fails is fail", 0),
    "silent": ("silent", "a row was lost", 10),
    "fails": ("fail", "an extra query", 10),
    "refuses": ("loud", "not from a coroutine", 0),
    "gone": ("absent", "there is no such method", 0),
    "flips": ("flaky 1/2", "only now", 14),
    "hangs": ("timeout", "it did not end within 4 s", 10),
    "aborts": ("crash", "the process ended: killed by SIGABRT", 10),
    "exits": ("crash", "the process ended: exit status 7", 10),
    "leaves": ("crash", "the process ended: exit status 1", 10),
    "segfaults": ("crash", "the process ended: killed by SIGSEGV", 10),
    "raises": ("harness_error", "The suite itself failed: ZeroDivisionError('a mistake in the check itself')", 13),
    "codeless": ("harness_error", "The suite itself failed: KeyError", 13),
}
COMMAND = ["run", *SYNTHETIC, "--profile", "smoke", "--timeout", "4", "--results", "results"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, workers: Nursery) -> Path:
    """A working folder in which the synthetic catalogue was measured."""
    folder = tmp_path_factory.mktemp("verdicts")
    with forked_workers(workers):
        ended = conform(*COMMAND, cwd=folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    return folder


@pytest.fixture
def measured(folder: Path) -> Results:
    """Its results."""
    (results,) = read_folder(folder / "results")
    return results


def test_every_behaviour_has_its_verdict_and_its_reason(measured: Results) -> None:
    """A hang, a crash or a mistake costs its own cell alone, and the file is complete."""
    found = {}
    for cell in measured.planned:
        last = measured.last(cell)
        assert last is not None
        reason = last.failure.message if last.failure else last.reason
        found[cell.entry.removeprefix("synthetic.")] = (str(measured.verdict(cell)), reason)
    assert found.keys() == TRUTH.keys()
    for name, (verdict, reason, _) in TRUTH.items():
        assert found[name][0] == verdict
        assert found[name][1].startswith(reason), name
    assert measured.complete


def test_a_crash_keeps_the_last_words_of_its_process(measured: Results) -> None:
    """`sys.exit` in a check leaves its message on the standard error."""
    last = measured.last(Cell("synthetic.leaves", "result"))
    assert last is not None
    assert last.failure is not None
    assert "enough" in last.failure.stack


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_each_verdict_has_its_exit_code(name: str, measured: Results, tmp_path: Path) -> None:
    """The gate over that cell alone, as if nothing else had been planned."""
    cell = Cell(f"synthetic.{name}", "result")
    alone = replace(measured, planned=(cell,), cells=tuple(measured.attempts(cell)))
    write_results(alone, tmp_path / "alone.jsonl")
    assert main(["gate", "--catalogue", CATALOGUE, str(tmp_path / "alone.jsonl")]) == TRUTH[name][2]


@pytest.mark.parametrize("kind", ["json", "md"])
def test_every_text_format_has_every_verdict(kind: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No verdict is lost on its way to a reader."""
    assert main(["report", "--catalogue", CATALOGUE, "--format", kind, str(folder / "results")]) == 0
    text = capsys.readouterr().out
    assert {verdict for verdict, _, _ in TRUTH.values() if verdict.split()[0] not in text} == set()


def test_the_site_has_every_verdict(folder: Path, tmp_path: Path) -> None:
    """The page of each entry names its verdict."""
    assert main(["report", "--catalogue", CATALOGUE, "--output", str(tmp_path), str(folder / "results")]) == 0
    pages = "".join(path.read_text("utf-8") for path in tmp_path.rglob("*.html"))
    assert {verdict for verdict, _, _ in TRUTH.values() if verdict.split()[0] not in pages} == set()


@pytest.mark.usefixtures("forked")
def test_a_rerun_tries_again_only_what_could_not_be_measured(folder: Path, measured: Results) -> None:
    """Harness errors are measured anew, once each, and stand for themselves: neither flaky nor doubled."""
    ended = conform(*COMMAND, cwd=folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "2 of 17 cells to measure" in ended.stdout
    assert [line.split()[2] for line in ended.stdout.splitlines() if line.startswith("[")] == [
        "synthetic.raises:result",
        "synthetic.codeless:result",
    ]
    (again,) = read_folder(folder / "results")
    assert [str(again.verdict(cell)) for cell in again.planned] == [
        str(measured.verdict(cell)) for cell in measured.planned
    ]
    assert again.complete

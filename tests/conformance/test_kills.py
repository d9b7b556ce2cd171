"""Every check is shown to fail: a planted defect, in its own process, gets the verdict that the catalogue names."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from unittest.mock import Mock

import asgiref
import django
import pytest

from conformance.case import Cell, Measured, Verdict
from conformance.catalogue import JUDGES, load_catalogue
from conformance.cli import main
from conformance.defects import defect_names
from conformance.defects.truth import TRUTHS
from conformance.requirements import FLAGS, OF_ASGIREF
from conformance.results import read_results
from conformance.results.kills import read_kill_summary
from conformance.runner import PROFILES, Job, JobListener, supervise
from conformance.runner.controls import run_controls, run_truths

CATALOGUE = load_catalogue()
CELLS = tuple(CATALOGUE.cells())
# For each planted defect, the cells that must notice it and the verdict that each must give.
KILLS: dict[str, dict[Cell, str]] = {}
for _cell in CELLS:
    for _kill in CATALOGUE.check(_cell).kills:
        KILLS.setdefault(_kill.defect, {})[_cell] = _kill.verdict
pytestmark = pytest.mark.usefixtures("forked")
SERIES = ".".join(django.__version__.split(".")[:2])


def measure(folder: Path, defect: str, cells: set[Cell], profile: str) -> dict[Cell, tuple[Verdict, Measured]]:
    """Of each cell its verdict in a process that has the defect, and the attempt that it was last seen in."""
    job = Job(
        python=sys.executable,
        settings="sample_app.settings.sqlite",
        environ=dict(os.environ),
        cells=tuple(sorted(cells)),
        profile=PROFILES[profile],
        seed=0,
        folder=folder,
        defect=defect,
    )
    outcome = supervise(job, Mock(spec=JobListener))
    assert outcome.problem == ""
    assert outcome.path is not None
    results = read_results(outcome.path)
    return {cell: (results.verdict(cell), results.last(cell)) for cell in cells}


def out_of_reach(defect: str, cell: Cell) -> bool:
    """Whether what the cell measures, or what the defect puts in its place, does not exist here.

    An older Django has no such operation, and an older asgiref cannot do what the sample app's form needs.
    """
    form = defect.partition("/")[0].removeprefix("printed.")
    names = {cell.entry, f"workaround.{form}.sample_app"} & {entry.id for entry in CATALOGUE.entries}
    entries = [CATALOGUE.entry(name) for name in names]
    missing = {name for name in OF_ASGIREF if not FLAGS[name](None)}
    return any(not entry.is_documented_in(SERIES) or missing & set(entry.requires) for entry in entries)


@pytest.mark.parametrize("defect", KILLS)
def test_a_planted_defect_gets_the_verdict_that_the_catalogue_names(defect, tmp_path):
    """Each check that names the defect notices it, with the right verdict and, unless it passes, an example.

    What the fewest examples that a profile has do not find must be found among the usual number. To accept what is
    right takes that as well.
    """
    expected = {cell: verdict for cell, verdict in KILLS[defect].items() if not out_of_reach(defect, cell)}
    if not expected:
        pytest.skip(f"Django {SERIES} with asgiref {asgiref.__version__} has nothing that {defect} could break")
    profile = "ci" if "pass" in expected.values() else "smoke"
    # A check whose dependency has the defect too would be blocked: it is measured without it.
    dependent = {cell for cell in expected if CATALOGUE.entry(cell.entry).depends_on}
    found = {}
    for cells in filter(None, (set(expected) - dependent, dependent)):
        found |= measure(tmp_path / str(len(found)), defect, cells, profile)
        missed = {cell for cell in cells if str(found[cell][0]) != expected[cell]}
        if missed and profile == "smoke":
            found |= measure(tmp_path / f"{len(found)}-ci", defect, missed, "ci")
    failures = [last.failure for verdict, last in found.values() if str(verdict) in ("silent", "fail")]
    assert all(failure is not None and failure.example for failure in failures)
    assert all(f"--defect {defect}" in failure.reproduce for failure in failures)
    assert {cell: str(verdict) for cell, (verdict, _) in found.items()} == expected


def test_every_check_of_its_own_kills_a_defect_that_exists():
    """No check with code of its own is without a planted defect, and no entry names one that cannot be planted."""
    own = {cell for cell in CELLS if not (CATALOGUE.entry(cell.entry).judged and cell.check in JUDGES)}
    assert {cell for cells in KILLS.values() for cell in cells} == own
    assert KILLS.keys() <= defect_names()


def test_a_sample_of_generated_defects_is_noticed_by_the_judges_that_are_named(tmp_path, capfd):
    """What generators plant into operations of any entry, the judge that is named notices; nightly, all of it."""
    code = main(["selfcheck", "--kills-only", "--sample", "100", "--workers", "2", "--results", str(tmp_path)])
    assert code == 0, capfd.readouterr().out
    summary = read_kill_summary(tmp_path)
    assert summary is not None
    assert summary["planted"] == 100


@pytest.mark.skipif(django.VERSION < (5, 0), reason="a signal has no asend")
def test_a_defect_that_was_tried_is_not_tried_again(tmp_path, capfd):
    """An interrupted selfcheck goes on where it was; one that nothing is left of tries nothing."""
    command = ["selfcheck", "--kills-only", "--only", "signals.asend", "--generator", "task-left"]
    assert main([*command, "--workers", "1", "--results", str(tmp_path)]) == 0
    assert "3 of 3 defects, " in capfd.readouterr().out
    assert main([*command, "--workers", "1", "--results", str(tmp_path)]) == 0
    assert "3 of 3 defects, " not in capfd.readouterr().out


# Of the judged entries every eighteenth, of the others every sixth, since all of them take minutes: nightly,
# `selfcheck` measures them all.
JUDGED = [entry.id for entry in CATALOGUE.entries if entry.judged]
OTHERS = [entry.id for entry in CATALOGUE.entries if not entry.judged]
SOME = {*JUDGED[::18], *OTHERS[::6]}


def job(folder: Path) -> Job:
    """A part of the catalogue with the fewest examples."""
    return Job(
        python=sys.executable,
        settings="sample_app.settings.sqlite",
        environ=dict(os.environ),
        cells=tuple(cell for cell in CELLS if cell.entry in SOME),
        profile=PROFILES["smoke"],
        seed=0,
        folder=folder,
    )


def test_the_controls_are_as_they_have_to_be(tmp_path):
    """Without a defect no cell is broken; with every operation wrapped without a change no verdict differs."""
    assert run_controls(job(tmp_path)) == {"unpatched": "", "noop": ""}


def test_each_synthetic_entry_has_the_verdict_that_it_is_made_for(tmp_path):
    """Checks that pass, fail, fail silently, refuse, hang, die, flip or see nothing are told from each other."""
    truths = dict(run_truths(job(tmp_path)))
    assert truths == dict.fromkeys(TRUTHS, "")

"""Every check is shown to fail: a planted defect, in its own process, gets the verdict that the catalogue names."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from subprocess import PIPE
from typing import IO
from unittest.mock import Mock

import asgiref
import django
import pytest

from conformance.case import Cell
from conformance.catalogue import load_catalogue
from conformance.defects import defect_names
from conformance.requirements import FLAGS, OF_ASGIREF
from conformance.results import Results, read_results
from conformance.runner import PROFILES, Job, JobListener, supervise
from tests.shared.forking import Forked, Nursery

CATALOGUE = load_catalogue()
CELLS = tuple(CATALOGUE.cells())
# For each planted defect, the cells that must notice it and the verdict that each must give.
KILLS: dict[str, dict[Cell, str]] = {}
for _cell in CELLS:
    for _kill in CATALOGUE.check(_cell).kills:
        KILLS.setdefault(_kill.defect, {})[_cell] = _kill.verdict
SERIES = ".".join(django.__version__.split(".")[:2])
CONTROL = "control/noop"
# What is measured of what is only said or printed: some of it is right, and some of it silently wrong.
SAYINGS = {"pass", "fail", "absent", "silent", "loud"}


@pytest.fixture(autouse=True)
def forked(workers: Nursery, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker is a process of its own, which has Django and Hypothesis already."""

    def start(python: str, environ: dict[str, str], stderr: IO[str]) -> Forked:
        arguments = ["-m", "conformance.worker"]
        return workers.start(arguments, env=environ, stdin=PIPE, stdout=PIPE, stderr=stderr)

    monkeypatch.setattr("conformance.runner.process._start", start)


def measure(folder: Path, defect: str | None, cells: tuple[Cell, ...], profile: str) -> Results:
    """The results of the cells in a process that has the defect."""
    job = Job(
        python=sys.executable,
        settings="sample_app.settings.sqlite",
        environ=dict(os.environ),
        cells=cells,
        profile=PROFILES[profile],
        seed=0,
        folder=folder,
        defect=defect,
    )
    outcome = supervise(job, Mock(spec=JobListener))
    assert outcome.problem == ""
    assert outcome.path is not None
    return read_results(outcome.path)


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

    To find a defect the fewest examples that a profile has must do. To accept what is right takes the usual number.
    """
    expected = {cell: verdict for cell, verdict in KILLS[defect].items() if not out_of_reach(defect, cell)}
    if not expected:
        pytest.skip(f"Django {SERIES} with asgiref {asgiref.__version__} has nothing that {defect} could break")
    profile = "ci" if "pass" in expected.values() else "smoke"
    # A check whose dependency has the defect too would be blocked: it is measured without it.
    dependent = {cell for cell in expected if CATALOGUE.entry(cell.entry).depends_on}
    verdicts = {}
    for cells in filter(None, (set(expected) - dependent, dependent)):
        results = measure(tmp_path / str(len(verdicts)), defect, tuple(sorted(cells)), profile)
        verdicts |= {cell: str(results.verdict(cell)) for cell in cells}
        failures = [results.last(cell).failure for cell in cells if verdicts[cell] in ("silent", "fail")]
        assert all(failure is not None and failure.example for failure in failures)
        assert all(f"--defect {defect}" in failure.reproduce for failure in failures)
    assert verdicts == expected


def test_every_check_kills_a_defect_that_exists():
    """No check is without a planted defect, and no catalogue entry names one that cannot be planted."""
    assert {cell for cells in KILLS.values() for cell in cells} == set(CELLS)
    assert KILLS.keys() <= defect_names()


def verdicts_that_do_not_gate(results: Results) -> set[str]:
    """Every cell of a gating entry is good; the verdicts of the others."""
    gating = {cell for cell in CELLS if CATALOGUE.entry(cell.entry).gates}
    assert {str(results.verdict(cell)) for cell in gating} <= {"pass", "loud", "absent"}
    return {str(results.verdict(cell)) for cell in set(CELLS) - gating}


def test_the_control_without_a_patch_is_green(tmp_path):
    """Unpatched, nothing that gates fails, and every check that ran saw as many examples as its profile asks for."""
    results = measure(tmp_path, None, CELLS, "ci")
    assert verdicts_that_do_not_gate(results) == SAYINGS
    examples = {cell: results.last(cell).examples for cell in CELLS if str(results.verdict(cell)) in ("pass", "loud")}
    assert min(examples.values()) >= PROFILES["ci"].examples


def test_the_control_with_a_patch_that_changes_nothing_is_green(tmp_path):
    """With every operation wrapped in the way in which defects are put in, nothing that gates fails."""
    assert verdicts_that_do_not_gate(measure(tmp_path, CONTROL, CELLS, "smoke")) == SAYINGS

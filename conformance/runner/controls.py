"""What must stay as it is: the catalogue without a defect and with one that changes nothing, and synthetic entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.case import Cell, Measured
from conformance.catalogue import Catalogue, load_catalogue
from conformance.results import Results, read_results
from conformance.runner.job import Job
from conformance.runner.supervise import supervise

if TYPE_CHECKING:
    from conformance.environment import Environment

NOOP = "control/noop"
# What says that the suite itself did not hold, wherever it is.
# Not what is vacuous: the fewest examples may happen to be alike. With the usual number the gate is red for it.
_BROKEN = {"harness_error", "setup_error", "timeout", "crash", "flaky", "unknown"}
# Seconds after which a synthetic check that hangs is stopped.
_HANGS = 3.0


class Quiet:
    """Told how a job comes along, and keeps it to itself."""

    def planned(self, environment: Environment, done: int, total: int) -> None:
        """Nothing."""

    def measured(self, measured: Measured) -> None:
        """Nothing."""


def run_controls(job: Job) -> dict[str, str]:
    """By control, what is wrong; empty where nothing is.

    `unpatched`: no cell is broken. `noop`: every operation wrapped without a change, and no verdict differs.
    """
    plain = _results(replace(job, defect=None, folder=job.folder / "unpatched"))
    wrapped = _results(replace(job, defect=NOOP, folder=job.folder / "noop"))
    if isinstance(plain, str) or isinstance(wrapped, str):
        return {"unpatched": str(plain), "noop": str(wrapped)}
    # Which of the coroutines, generators and files that a call forgets are told in time is up to Python's garbage
    # collector: with the operation wrapped, to another one.
    by_chance = {"fail", "silent", "flaky"}
    cells = [
        cell
        for cell in job.cells
        if cell.check != "leftovers" or not {plain.verdict(cell).name, wrapped.verdict(cell).name} & by_chance
    ]
    broken = [f"{cell} is {plain.verdict(cell)}" for cell in cells if plain.verdict(cell).name in _BROKEN]
    differ = [
        f"{cell} is {wrapped.verdict(cell)}, and {plain.verdict(cell)} without"
        for cell in cells
        if wrapped.verdict(cell) != plain.verdict(cell)
    ]
    return {"unpatched": "; ".join(broken), "noop": "; ".join(differ)}


def faults_without_a_defect(job: Job, catalogue: Catalogue) -> tuple[Cell, ...]:
    """The cells that gate and are bad although nothing is planted: what the suite has found in this Django."""
    found = _results(replace(job, defect=None, folder=job.folder / "unpatched"))
    if isinstance(found, str):
        return ()
    gating = (cell for cell in job.cells if catalogue.entry(cell.entry).gates_by(cell.check))
    return tuple(cell for cell in gating if found.verdict(cell).name in ("silent", "fail"))


def run_truths(job: Job) -> Iterator[tuple[str, str]]:
    """Each synthetic entry with what is wrong; empty where its verdict is what it has to be."""
    from conformance.defects.truth import CHECKS, TRUTHS, truth_catalogue

    catalogue = load_catalogue(truth_catalogue())
    truth = replace(job, catalogue=truth_catalogue(), checks=(CHECKS,), defect=None, folder=job.folder / "truth")
    # The one that hangs alone, so that no other has to be quick.
    hanging = Cell("truth.hangs", "result")
    others = tuple(cell for cell in catalogue.select(()) if cell != hanging)
    rest = _results(replace(truth, cells=others, folder=truth.folder / "others"))
    hung = _results(replace(truth, cells=(hanging,), timeout=_HANGS))
    for name, (verdict, _) in TRUTHS.items():
        cell = Cell(f"truth.{name}", "result")
        found = hung if cell == hanging else rest
        if isinstance(found, str):
            yield name, found
        elif str(found.verdict(cell)) != verdict:
            yield name, f"it is {found.verdict(cell)}, and has to be {verdict}"
        else:
            yield name, ""


def _results(job: Job) -> Results | str:
    """Measured, or kept from before; a sentence where that is not possible."""
    outcome = supervise(job, Quiet())
    if outcome.problem or outcome.path is None:
        return outcome.problem or "nothing was measured"
    return read_results(outcome.path)

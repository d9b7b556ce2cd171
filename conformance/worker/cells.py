"""What a process measures: cells one after the other."""

from __future__ import annotations

from contextvars import copy_context
from dataclasses import replace
from functools import cached_property

from conformance.case import Cell, Measured, Shown, Verdict, worst
from conformance.catalogue import JUDGES, Catalogue, CatalogueEntry, Check
from conformance.checks import Stage, experiment_of
from conformance.checks.witness import Witness
from conformance.checks.workarounds.source import source_of_workaround
from conformance.requirements import unmet
from conformance.worker.experiment_run import ExperimentRun
from conformance.worker.measure import measure


class CellSequence:
    """Cells measured one after the other, each knowing the verdicts of those before it."""

    def __init__(
        self, catalogue: Catalogue, stage: Stage, examples: int, seed_value: int, done: dict[str, str] | None = None
    ) -> None:
        self._catalogue = catalogue
        self._stage = stage
        self._examples = examples
        self._seed = seed_value
        # The entry whose examples were run last, for all its judges.
        self._run: tuple[str, ExperimentRun] | None = None
        self._verdicts = {Cell.parse(text): Verdict.parse(verdict) for text, verdict in (done or {}).items()}

    @cached_property
    def _witness(self) -> Witness:
        return Witness(self._stage)

    def measure(self, cell: Cell) -> list[Measured]:
        """The attempts of one cell; `blocked` and `n/a` without trying."""
        entry = self._catalogue.entry(cell.entry)
        if reason := unmet(entry.requires):
            attempts = [Measured(cell, "n/a", reason=reason)]
        elif reason := self._blocked(entry.depends_on):
            attempts = [Measured(cell, "blocked", reason=reason)]
        else:
            # What a cell leaves in the context, such as the caches of its settings, every later call would be handed.
            measured = copy_context().run(self._measure, entry, self._catalogue.check(cell))
            attempts = _with_source(entry, cell, measured)
        self._verdicts[cell] = worst(Verdict.parse(measured.verdict) for measured in attempts)
        return attempts

    def _measure(self, entry: CatalogueEntry, check: Check) -> list[Measured]:
        experiment = experiment_of(entry)
        if experiment is None or check.name not in JUDGES:
            cell = Cell(entry.id, check.name)
            return measure(cell, check, self._stage, examples=self._examples, seed_value=self._seed)
        if self._run is None or self._run[0] != entry.id:
            run = ExperimentRun(entry, experiment, self._witness, self._examples, self._seed)
            self._run = entry.id, run
        return self._run[1].measure(check)

    def _blocked(self, names: tuple[str, ...]) -> str:
        for name in names:
            verdicts = [
                verdict
                for cell, verdict in self._verdicts.items()
                # Of what the judges say, the result is what others build on.
                if cell.entry == name and (cell.check == "result" or cell.check not in JUDGES)
            ]
            if verdicts and (found := worst(verdicts)).name != "pass":
                return f"{name} is {found}"
        return ""


def _with_source(entry: CatalogueEntry, cell: Cell, attempts: list[Measured]) -> list[Measured]:
    """The code of a workaround stands with the check that is measured first."""
    source = source_of_workaround(entry.id) if cell.check == entry.checks[0].name else ""
    if not source:
        return attempts
    first, *others = attempts
    return [replace(first, shown=replace(first.shown or Shown(), source=source)), *others]

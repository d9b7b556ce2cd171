"""What a process measures: cells one after the other."""

from __future__ import annotations

from conformance.case import Cell, Measured, Verdict, worst
from conformance.catalogue import Catalogue
from conformance.checks import Stage
from conformance.requirements import unmet
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
        self._verdicts = {Cell.parse(text): Verdict.parse(verdict) for text, verdict in (done or {}).items()}

    def measure(self, cell: Cell) -> list[Measured]:
        """The attempts of one cell; `blocked` and `n/a` without trying."""
        entry = self._catalogue.entry(cell.entry)
        if reason := unmet(entry.requires):
            attempts = [Measured(cell, "n/a", reason=reason)]
        elif reason := self._blocked(entry.depends_on):
            attempts = [Measured(cell, "blocked", reason=reason)]
        else:
            check = self._catalogue.check(cell)
            attempts = measure(cell, check, self._stage, examples=self._examples, seed_value=self._seed)
        self._verdicts[cell] = worst(Verdict.parse(measured.verdict) for measured in attempts)
        return attempts

    def _blocked(self, names: tuple[str, ...]) -> str:
        for name in names:
            verdicts = [verdict for cell, verdict in self._verdicts.items() if cell.entry == name]
            if verdicts and (found := worst(verdicts)).name != "pass":
                return f"{name} is {found}"
        return ""

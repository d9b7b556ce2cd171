"""Measure one cell inside a running test."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from conformance.case import Cell, Measured
from conformance.results import Results, ResultWriter
from conformance.results.records import cell_record, end_record, today
from conformance.worker.cells import CellSequence
from conformance.worker.loops import LoopBridge


class Keeping:
    """A result file: each cell once, also where an earlier session measured it, and an end when all have arrived."""

    def __init__(self, writer: ResultWriter, done: Collection[Cell], planned: Collection[Cell]) -> None:
        self._writer = writer
        self._done = set(done)
        self._planned = set(planned)

    def keep(self, cell: Cell, attempts: list[Measured]) -> None:
        """Write the attempts of a cell."""
        if cell not in self._done:
            for measured in attempts:
                self._writer.write(cell_record(replace(measured, day=today())))
            self._done.add(cell)
        if self._done >= self._planned:
            self._writer.write(end_record(len(self._planned)))


@dataclass(frozen=True)
class Measuring:
    """The cells of one environment.

    `run` is the environment's results without any cell; `keeping` is None where nobody wants the results kept.
    """

    run: Results
    sequence: CellSequence
    bridge: LoopBridge
    keeping: Keeping | None

    async def measure(self, cell: Cell) -> Results:
        """The results with this cell alone, its coroutines run on the running loop."""
        attempts = await self.bridge.measure(lambda: self.sequence.measure(cell))
        if self.keeping is not None:
            self.keeping.keep(cell, attempts)
        return replace(self.run, planned=(cell,), cells=tuple(attempts), complete=True)

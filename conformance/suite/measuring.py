"""Measure one cell inside a running test."""

from __future__ import annotations

from dataclasses import dataclass, replace

from conformance.case import Cell
from conformance.results import Results, ResultWriter
from conformance.results.records import cell_record
from conformance.worker.loops import LoopBridge
from conformance.worker.session import Session


@dataclass(frozen=True)
class Measuring:
    """A session of cells in one environment.

    `run` is the environment's results without any cell; `writer` is None where nobody wants the results kept.
    """

    run: Results
    session: Session
    bridge: LoopBridge
    writer: ResultWriter | None

    async def measure(self, cell: Cell) -> Results:
        """The results with this cell alone, its coroutines run on the running loop."""
        attempts = await self.bridge.measure(lambda: self.session.measure(cell))
        if self.writer is not None:
            for measured in attempts:
                self.writer.write(cell_record(measured))
        return replace(self.run, planned=(cell,), cells=tuple(attempts), complete=True)

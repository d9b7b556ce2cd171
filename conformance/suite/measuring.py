"""Measure one cell inside a running test."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.case import Cell, Measured
from conformance.environment import Environment
from conformance.results import ResultWriter
from conformance.results.records import cell_record
from conformance.runner.loops import LoopBridge
from conformance.runner.session import Session


@dataclass(frozen=True)
class Measuring:
    """A session of cells in one environment; `writer` is None where nobody wants the results kept."""

    environment: Environment
    session: Session
    bridge: LoopBridge
    writer: ResultWriter | None

    async def measure(self, cell: Cell) -> list[Measured]:
        """The cell's attempts, its coroutines run on the running loop."""
        attempts = await self.bridge.measure(lambda: self.session.measure(cell))
        if self.writer is not None:
            for measured in attempts:
                self.writer.write(cell_record(measured))
        return attempts

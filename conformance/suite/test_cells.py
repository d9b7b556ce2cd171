"""One test a cell; its verdict is judged as the gate judges it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

import pytest

from conformance.case import Cell
from conformance.catalogue import Catalogue, load_catalogue
from conformance.expectations import Expectations
from conformance.gate import judge
from conformance.suite.measuring import Measuring

CELLS = tuple(load_catalogue().cells())


@pytest.mark.asyncio
@pytest.mark.parametrize("cell", CELLS, ids=str)
async def test_cell(
    cell: Cell, measuring: Measuring, catalogue: Catalogue, record_property: Callable[[str, object], None]
) -> None:
    """The cell's verdict is what the documentation of this Django promises."""
    results = await measuring.measure(cell)
    verdict = results.verdict(cell)
    record_property("verdict", str(verdict))
    gated = judge([results], catalogue, Expectations(), datetime.now(timezone.utc).date())
    assert not gated.findings, "\n".join(finding.message for finding in gated.findings)
    if verdict.name in ("absent", "n/a", "blocked"):
        last = results.last(cell)
        pytest.skip(f"{verdict}: {last.reason if last else ''}")

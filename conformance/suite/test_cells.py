"""One test a cell; its verdict is judged as the gate judges it."""

from __future__ import annotations

import pytest

from conformance.case import Cell
from conformance.catalogue import load_catalogue
from conformance.suite.measuring import Measuring

CELLS = tuple(load_catalogue().cells())


@pytest.mark.asyncio
@pytest.mark.parametrize("cell", CELLS, ids=str)
async def test_cell(cell: Cell, measuring: Measuring) -> None:
    raise NotImplementedError

"""Which code measures which cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.case import Cell

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from conformance.checks.stage import Stage

Judge = Callable[["Stage", Any], None]


@dataclass(frozen=True)
class CheckCode:
    """The examples of a cell, and the judge that returns, or raises one of `checks.outcomes`.

    `shrink` is False where an example is costly and its size explains nothing.
    """

    cell: Cell
    examples: SearchStrategy[Any]
    judge: Judge
    shrink: bool = True


_CODE: dict[Cell, CheckCode] = {}


def register(entry: str, check: str, examples: SearchStrategy[Any], *, shrink: bool = True) -> Callable[[Judge], Judge]:
    """Say that the decorated judge measures `entry:check`. Raises `ValueError` for a cell that has code already."""
    cell = Cell(entry, check)

    def decorate(judge: Judge) -> Judge:
        if cell in _CODE:
            raise ValueError(f"two judges are registered for {cell}")
        _CODE[cell] = CheckCode(cell, examples, judge, shrink)
        return judge

    return decorate


def code_of(cell: Cell) -> CheckCode:
    """The code that was registered for a cell so far. Raises `KeyError` if there is none."""
    return _CODE[cell]


def cells_with_code() -> frozenset[Cell]:
    """Every cell for which code was registered so far."""
    return frozenset(_CODE)

"""Which code measures which cell."""

from __future__ import annotations

import importlib
import pkgutil
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


def check_code(cell: Cell) -> CheckCode:
    """The code of a cell. Raises `KeyError` if it has none: a harness error."""
    _load()
    return _CODE[cell]


def registered_cells() -> frozenset[Cell]:
    """Every cell that has code."""
    _load()
    return frozenset(_CODE)


def _load() -> None:
    """Import every module of `checks.subjects`: registering is what importing them does."""
    from conformance.checks import subjects

    for module in pkgutil.iter_modules(subjects.__path__):
        importlib.import_module(f"{subjects.__name__}.{module.name}")

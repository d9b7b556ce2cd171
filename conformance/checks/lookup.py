"""The code of a cell, looked up once every subject has registered its own."""

from __future__ import annotations

import importlib
import pkgutil

from conformance.case import Cell
from conformance.checks import subjects
from conformance.checks.registry import CheckCode, cells_with_code, code_of


def check_code(cell: Cell) -> CheckCode:
    """The code of a cell. Raises `KeyError` if it has none: a harness error."""
    _load()
    return code_of(cell)


def registered_cells() -> frozenset[Cell]:
    """Every cell that has code."""
    _load()
    return cells_with_code()


def _load() -> None:
    """Import every module of `checks.subjects`: registering is what importing them does."""
    for module in pkgutil.iter_modules(subjects.__path__):
        importlib.import_module(f"{subjects.__name__}.{module.name}")

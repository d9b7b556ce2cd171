"""The code of a cell, looked up once every subject has registered its own."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from conformance.case import Cell
from conformance.catalogue import CatalogueEntry
from conformance.checks import subjects
from conformance.checks.experiments import Experiment
from conformance.checks.invocations import invocations
from conformance.checks.registry import (
    CheckCode,
    cells_with_code,
    code_of,
    entries_with_experiments,
    experiment_for,
)


def check_code(cell: Cell) -> CheckCode:
    """The code of a cell. Raises `KeyError` if it has none: a harness error."""
    _load()
    return code_of(cell)


def registered_cells() -> frozenset[Cell]:
    """Every cell that has code."""
    _load()
    return cells_with_code()


def experiment_of(entry: CatalogueEntry) -> Experiment | None:
    """The experiment that measures an entry; None where its checks have code of their own."""
    if entry.judged is not None and entry.judged.operation is not None:
        return invocations(entry.judged.operation)
    _load()
    return experiment_for(entry.id)


def registered_experiments() -> frozenset[str]:
    """Every entry that an experiment measures."""
    _load()
    return entries_with_experiments()


@cache
def _load() -> None:
    """Import every module of `checks.subjects`: registering is what importing them does."""
    for module in pkgutil.iter_modules(subjects.__path__):
        importlib.import_module(f"{subjects.__name__}.{module.name}")

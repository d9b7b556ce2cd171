"""Which code measures which cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.case import Cell
from conformance.checks.experiments import Experiment, Prepare, Source

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from conformance.checks.stage import Stage

Judge = Callable[["Stage", Any], None]
# An example as the Python of the one side that there is, or of both.
CodeSource = Callable[[Any], tuple[str, ...]]


@dataclass(frozen=True)
class CheckCode:
    """The examples of a cell, and the judge that returns, or raises one of `checks.outcomes`.

    `shrink` is False where an example is costly and its size explains nothing. `source` prints an example as the
    Python that is run; without one, its values have to do.
    """

    cell: Cell
    examples: SearchStrategy[Any]
    judge: Judge
    shrink: bool = True
    source: CodeSource | None = None


_CODE: dict[Cell, CheckCode] = {}
_EXPERIMENTS: dict[str, Experiment] = {}


def register(
    entry: str, check: str, examples: SearchStrategy[Any], *, shrink: bool = True, source: CodeSource | None = None
) -> Callable[[Judge], Judge]:
    """Say that the decorated judge measures `entry:check`. Raises `ValueError` for a cell that has code already."""
    cell = Cell(entry, check)

    def decorate(judge: Judge) -> Judge:
        if cell in _CODE:
            raise ValueError(f"two judges are registered for {cell}")
        _CODE[cell] = CheckCode(cell, examples, judge, shrink, source)
        return judge

    return decorate


def register_experiment(
    entry: str, examples: SearchStrategy[Any], prepare: Prepare, source: Source | None = None, **options: Any
) -> None:
    """Say that this experiment measures the entry, for all judges. Raises `ValueError` if it has one already."""
    if entry in _EXPERIMENTS:
        raise ValueError(f"two experiments are registered for {entry}")
    _EXPERIMENTS[entry] = Experiment(examples, prepare, source, **options)


def code_of(cell: Cell) -> CheckCode:
    """The code that was registered for a cell so far. Raises `KeyError` if there is none."""
    return _CODE[cell]


def experiment_for(entry: str) -> Experiment | None:
    """The experiment that was registered for an entry so far; None if it has none."""
    return _EXPERIMENTS.get(entry)


def cells_with_code() -> frozenset[Cell]:
    """Every cell for which code was registered so far."""
    return frozenset(_CODE)


def entries_with_experiments() -> frozenset[str]:
    """Every entry for which an experiment was registered so far."""
    return frozenset(_EXPERIMENTS)

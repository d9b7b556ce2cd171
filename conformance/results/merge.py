"""Put result files of one environment together, judged against the plan."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from conformance.case import Cell, ExitCode, Measured, SuiteError
from conformance.results.model import Results
from conformance.results.records import cell_record


def merge_results(parts: Sequence[Results]) -> list[Results]:
    """One `Results` an environment, from files in any number and order; of an environment's only file, itself.

    A cell that stands in several files has several attempts. The plan is the union of the plans, so a cell that one
    machine planned and nobody measured stays unknown. Plan and cells are sorted, so that the order of the files and
    how they were merged before leave no trace; `in_order` puts them as one machine would have written them. Raises
    `SuiteError` (bad input) for another catalogue, suite, seed or profile.
    """
    for part in parts[1:]:
        _check_comparable(parts[0], part)
    groups: dict[str, list[Results]] = {}
    for part in parts:
        groups.setdefault(part.environment.id, []).append(part)
    merged = [_merge_group(group) if len(group) > 1 else group[0] for group in groups.values()]
    return sorted(merged, key=lambda results: results.environment.version_key)


def in_order(results: Results, order: Sequence[Cell]) -> Results:
    """The same results, plan and cells in this order, and what it does not name after that, by name."""
    places = {cell: place for place, cell in enumerate(order)}

    def key(cell: Cell) -> tuple[int, Cell]:
        return places.get(cell, len(places)), cell

    return replace(
        results,
        planned=tuple(sorted(results.planned, key=key)),
        cells=tuple(sorted(results.cells, key=lambda measured: key(measured.cell))),
    )


def _check_comparable(first: Results, part: Results) -> None:
    for name in ("catalogue", "suite", "seed", "profile"):
        if getattr(part, name) != getattr(first, name):
            raise SuiteError(
                f"{part.source} and {first.source} cannot be merged: their {name} differs "
                f"({getattr(part, name)} and {getattr(first, name)}).",
                "Measure both with the same version of the suite and the same --seed and --profile.",
                ExitCode.BAD_INPUT,
            )


def _merge_group(group: list[Results]) -> Results:
    planned = sorted({cell for part in group for cell in part.planned})
    cells = _numbered(part.cells for part in group)
    arrived = {measured.cell for measured in cells}
    return replace(
        group[0],
        planned=tuple(planned),
        cells=cells,
        complete=bool(planned) and arrived.issuperset(planned),
        source=" + ".join(part.source for part in group),
        entries={name: digest for part in group for name, digest in sorted(part.entries.items())},
    )


def _numbered(parts: Iterable[Sequence[Measured]]) -> tuple[Measured, ...]:
    """Sorted by cell, its attempts counted from 1: those of one file as they were made, of several by content."""
    attempts: dict[Cell, list[list[Measured]]] = {}
    for part in parts:
        for cell, own in _by_cell(part).items():
            attempts.setdefault(cell, []).append(own)
    return tuple(
        replace(measured, attempt=number)
        for cell in sorted(attempts)
        for number, measured in enumerate(_as_one(attempts[cell]), start=1)
    )


def _by_cell(cells: Sequence[Measured]) -> dict[Cell, list[Measured]]:
    found: dict[Cell, list[Measured]] = {}
    for measured in cells:
        found.setdefault(measured.cell, []).append(measured)
    return found


def _as_one(files: Sequence[Sequence[Measured]]) -> Sequence[Measured]:
    """The attempts of one cell; which file came first leaves no trace."""
    return files[0] if len(files) == 1 else sorted((each for own in files for each in own), key=_content)


def _content(measured: Measured) -> tuple[Cell, str]:
    return measured.cell, json.dumps(cell_record(replace(measured, attempt=1)), sort_keys=True)

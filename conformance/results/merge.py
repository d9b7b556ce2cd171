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
    how they were merged before leave no trace. Raises `SuiteError` (bad input) for another catalogue, suite, seed or
    profile.
    """
    for part in parts[1:]:
        _check_comparable(parts[0], part)
    groups: dict[str, list[Results]] = {}
    for part in parts:
        groups.setdefault(part.environment.id, []).append(part)
    merged = [_merge_group(group) if len(group) > 1 else group[0] for group in groups.values()]
    return sorted(merged, key=lambda results: results.environment.version_key)


def in_order(results: Results) -> Results:
    """The same results as if they had been merged: plan and cells sorted, however they were measured."""
    return _merge_group([results])


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
    cells = _numbered(measured for part in group for measured in part.cells)
    arrived = {measured.cell for measured in cells}
    return replace(
        group[0],
        planned=tuple(planned),
        cells=cells,
        complete=bool(planned) and arrived.issuperset(planned),
        source=" + ".join(part.source for part in group),
        entries={name: digest for part in group for name, digest in sorted(part.entries.items())},
    )


def _numbered(cells: Iterable[Measured]) -> tuple[Measured, ...]:
    """Sorted by content, the attempts of a cell counted from 1."""
    attempts: dict[Cell, int] = {}
    numbered = []
    for measured in sorted(cells, key=_content):
        attempts[measured.cell] = attempts.get(measured.cell, 0) + 1
        numbered.append(replace(measured, attempt=attempts[measured.cell]))
    return tuple(numbered)


def _content(measured: Measured) -> tuple[Cell, str]:
    return measured.cell, json.dumps(cell_record(replace(measured, attempt=1)), sort_keys=True)

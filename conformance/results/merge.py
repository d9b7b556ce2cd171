"""Put result files of one environment together, judged against the plan."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.case import Cell, ExitCode, Measured, SuiteError
from conformance.results.model import Results


def merge_results(parts: Sequence[Results]) -> list[Results]:
    """One `Results` an environment, from files in any number and order.

    A cell that stands in several files has several attempts. The plan is the union of the plans, so a cell that one
    machine planned and nobody measured stays unknown. Raises `SuiteError` (bad input) for another catalogue, suite,
    seed or profile.
    """
    _check_comparable(parts)
    groups: dict[str, list[Results]] = {}
    for part in parts:
        groups.setdefault(part.environment.id, []).append(part)
    merged = [_merge_group(group) for group in groups.values()]
    return sorted(merged, key=lambda results: results.environment.version_key)


def _check_comparable(parts: Sequence[Results]) -> None:
    first = parts[0]
    for part in parts[1:]:
        for name in ("catalogue", "suite", "seed", "profile"):
            if getattr(part, name) != getattr(first, name):
                raise SuiteError(
                    f"{part.source} and {first.source} cannot be merged: their {name} differs "
                    f"({getattr(part, name)} and {getattr(first, name)}).",
                    "Measure both with the same version of the suite and the same --seed and --profile.",
                    ExitCode.BAD_INPUT,
                )


def _merge_group(group: list[Results]) -> Results:
    first = group[0]
    planned = dict.fromkeys(cell for part in group for cell in part.planned)
    cells: list[Measured] = []
    attempts: dict[Cell, int] = {}
    for part in group:
        for measured in part.cells:
            attempts[measured.cell] = attempts.get(measured.cell, 0) + 1
            cells.append(
                Measured(**{**vars(measured), "attempt": attempts[measured.cell]})
            )
    return Results(
        environment=first.environment,
        seed=first.seed,
        profile=first.profile,
        suite=first.suite,
        catalogue=first.catalogue,
        planned=tuple(planned),
        cells=tuple(cells),
        complete=set(planned) == set(attempts),
        source=" + ".join(part.source for part in group),
    )

"""`merge`: put the results of several machines together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from conformance.case import Cell, ExitCode, SuiteError
from conformance.catalogue import load_catalogue
from conformance.cli.options import catalogue_option, read_all
from conformance.matrix import Arrival, Arrivals, Plan
from conformance.results import (
    PlannedMatrix,
    Results,
    file_name,
    in_order,
    merge_results,
    read_matrix,
    read_results,
    write_matrix,
    write_results,
)
from conformance.results.backup import is_backup


@click.command(short_help="Put the results of several machines together.")
@click.argument("parts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FOLDER", help="Where to write."
)
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What `plan --format json` has printed: every part of it must come, and no other.",
)
@catalogue_option
def merge(parts: tuple[Path, ...], output: Path, plan_file: Path | None, catalogue_folder: Path | None) -> ExitCode:
    """Merge PARTS (files or folders) into one file an environment, judged against their plans.

    A cell that stands in several parts has several attempts. Folders of `matrix --shard` are put together to whole
    columns. What is missing is named, stays unknown, and makes the exit code 12; what does not belong there is refused.
    What is written can be merged again.
    """
    arrivals = Arrivals(tuple(_arrivals(parts)), _plan(plan_file))
    if not arrivals.parts and arrivals.plan is None:
        order = tuple(load_catalogue(catalogue_folder).cells())
        _write([in_order(results, order) for results in merge_results(read_all(parts))], output)
        return ExitCode.CONFORMS
    arrivals.check()
    cells = load_catalogue(catalogue_folder).select(arrivals.only)
    matrix = arrivals.matrix(cells)
    _write(_whole(merge_results(_measured(arrivals, parts)), matrix), output)
    write_matrix(matrix, output)
    missing = arrivals.missing()
    for problem in missing:
        click.echo(f"incomplete: {problem}", err=True)
    return ExitCode.INCOMPLETE if missing else ExitCode.CONFORMS


def _arrivals(paths: Sequence[Path]) -> list[Arrival]:
    """The folders that a matrix has filled, each once."""
    folders = {path.resolve(): path for path in paths if path.is_dir()}
    found = []
    for path in folders.values():
        if matrix := read_matrix(path):
            files = sorted(each for each in path.glob("*.jsonl") if not is_backup(each))
            found.append(Arrival(path, matrix, {each.name: read_results(each) for each in files}))
    return found


def _measured(arrivals: Arrivals, paths: Sequence[Path]) -> list[Results]:
    """The results of all folders, and of what was given beside them."""
    folders = {part.folder.resolve() for part in arrivals.parts}
    others = read_all(path for path in paths if path.resolve() not in folders)
    return [*(results for part in arrivals.parts for results in part.results.values()), *others]


def _whole(measured: Sequence[Results], matrix: PlannedMatrix) -> list[Results]:
    """Each with all the cells of its column, also those whose part did not come."""
    files = {column.file for column in matrix.columns}
    return [
        in_order(_planning(results, matrix.cells) if file_name(results.environment) in files else results, matrix.cells)
        for results in measured
    ]


def _planning(results: Results, cells: Sequence[Cell]) -> Results:
    planned = tuple(dict.fromkeys((*cells, *results.planned)))
    arrived = {measured.cell for measured in results.cells}
    return replace(results, planned=planned, complete=arrived.issuperset(planned))


def _write(merged: Sequence[Results], output: Path) -> None:
    for results in merged:
        path = output / file_name(results.environment)
        backup = write_results(results, path)
        arrived = len(results.planned) - len(results.missing)
        partial = "" if results.complete else ", partial"
        click.echo(f"{path}: {arrived} of {len(results.planned)} cells{partial}")
        if backup is not None:
            click.echo(f"  the file that was there is now {backup.name}")


def _plan(path: Path | None) -> Plan | None:
    if path is None:
        return None
    try:
        return Plan.from_dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SuiteError(
            f"The plan in {path} cannot be read: {error}.",
            "Give merge what `async-orm-conformance plan --format json` has printed.",
            ExitCode.BAD_INPUT,
        ) from error

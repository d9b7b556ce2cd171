"""`repro`: a failure as a program that needs Django and nothing of the suite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from conformance.case import Cell, ExitCode, Failure, SuiteError
from conformance.catalogue import load_catalogue
from conformance.cli.options import DEFAULT_FOLDER, read_all
from conformance.findings import load_findings, program_of
from conformance.results import Results


@click.command(short_help="Print a program that shows a failure with Django alone.")
@click.argument("cell", metavar="CELL")
@click.argument("results", nargs=-1, type=click.Path(path_type=Path))
def repro(cell: str, results: tuple[Path, ...]) -> ExitCode:
    """Print a program that shows the failure of CELL (such as `queryset.acount:result`).

    What is known to be wrong in Django (docs/findings.md) needs no results. Other failures are those in RESULTS, files
    or folders; default: conformance-results. The program runs on the Django of any environment.
    """
    wanted = _cell(cell)
    known = load_findings().of(str(wanted))
    program = program_of(known) if known else ""
    click.echo(program or _script(wanted, read_all(results or (DEFAULT_FOLDER,))), nl=False)
    return ExitCode.CONFORMS


def _cell(text: str) -> Cell:
    try:
        cell = Cell.parse(text)
    except ValueError as error:
        raise SuiteError(f"{error}.", "`async-orm-conformance list` prints every id.", ExitCode.USAGE) from error
    load_catalogue().check(cell)
    return cell


def _script(cell: Cell, results: Sequence[Results]) -> str:
    failures = [failure for part in results if (failure := _failure(part, cell)) is not None]
    for failure in failures:
        if failure.script:
            return failure.script
    if failures:
        raise SuiteError(
            f"There is no such program for {cell}: forty lines without the suite cannot show what fails.",
            f"Measure it again with `{failures[0].reproduce}`.",
            ExitCode.USAGE,
        )
    if others := [*dict.fromkeys(_failing(cell.entry, results))]:
        raise SuiteError(
            f"These results have no failure of {cell}, but of {', '.join(others)}.",
            f"Print that one with `async-orm-conformance repro {others[0]}`, or name other results.",
            ExitCode.USAGE,
        )
    raise SuiteError(
        f"These results have no failure of {cell}.",
        f"Measure it with `async-orm-conformance run --only {cell}`, or name other results.",
        ExitCode.USAGE,
    )


def _failing(entry: str, results: Sequence[Results]) -> Iterator[str]:
    """Those of its checks that failed, which may be meant."""
    for part in results:
        yield from (str(measured.cell) for measured in part.cells if measured.cell.entry == entry and measured.failure)


def _failure(results: Results, cell: Cell) -> Failure | None:
    measured = results.last(cell)
    return None if measured is None else measured.failure

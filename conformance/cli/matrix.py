"""`matrix`: many environments on this machine."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from conformance.case import Cell, ExitCode, SuiteError, combine
from conformance.catalogue import Catalogue, load_catalogue
from conformance.cli.folder import MatrixFolder
from conformance.cli.options import measuring_options
from conformance.cli.progress import MatrixProgress
from conformance.cli.signals import sigterm_interrupts
from conformance.matrix import DATABASES, DEFAULT_SERIES, django_release
from conformance.report import render_html, render_table
from conformance.runner import PROFILES, Column, Matrix, MatrixPlan, Outcome, cache_folder, copy_packages

_GO_ON = "What was measured is kept; the same command measures the rest."


@click.command()
@click.option(
    "--django",
    "versions",
    multiple=True,
    default=DEFAULT_SERIES,
    show_default=True,
    metavar="VERSION",
    help="A series (its newest release) or a version. May be given several times.",
)
@click.option(
    "--database",
    "databases",
    multiple=True,
    type=click.Choice(tuple(DATABASES)),
    help="May be given several times. Default: all that answer.",
)
@click.option(
    "--environments",
    type=click.Path(path_type=Path),
    default=lambda: cache_folder() / "environments",
    metavar="FOLDER",
    help="Where the virtual environments are kept. Default: the user's cache folder.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Environments measured at a time. Default: one a core.")
@measuring_options
def matrix(
    versions: tuple[str, ...],
    databases: tuple[str, ...],
    environments: Path,
    workers: int | None,
    only: tuple[str, ...],
    profile: str,
    seed: int,
    results: Path,
    timeout: float | None,
) -> ExitCode:
    """Measure Django versions times databases, and write the report.

    Builds one environment for each Django, keeps it, and measures as many at a time as there are cores. After an
    interruption the same command measures only the rest.
    """
    catalogue = load_catalogue()
    columns = _columns(versions, databases)
    plan = MatrixPlan(
        columns=columns,
        cells=catalogue.select(only),
        profile=PROFILES[profile],
        seed=seed,
        results=results,
        environments=environments,
        packages=copy_packages(environments),
        workers=workers or 0,
        timeout=timeout,
    )
    console = Console(soft_wrap=False)
    # A database that does not answer is left out, unless it was asked for by name or the run is a CI's.
    strict = bool(databases) or os.environ.get("CI", "").lower() in ("1", "true")
    with MatrixFolder(plan, catalogue, strict=strict) as folder:
        outcomes = _measure(plan, folder, console)
        _report(folder, catalogue, plan.cells, console)
    return _answer(outcomes, plan, strict=strict, console=console)


def _columns(versions: tuple[str, ...], databases: tuple[str, ...]) -> tuple[Column, ...]:
    """Each once, however often it was named."""
    releases = map(django_release, versions)
    chosen = [DATABASES[name] for name in databases or DATABASES]
    return tuple(dict.fromkeys(Column(release, database) for release in releases for database in chosen))


def _measure(plan: MatrixPlan, folder: MatrixFolder, console: Console) -> dict[Column, Outcome]:
    """How the columns ended; none at all after an interruption."""
    with sigterm_interrupts(), MatrixProgress(console, plan.columns, len(plan.cells), folder) as progress:
        try:
            return Matrix(plan, progress).run()
        except KeyboardInterrupt:
            console.print("interrupted: what was measured is kept; the same command measures the rest")
            return {}


def _report(folder: MatrixFolder, catalogue: Catalogue, cells: tuple[Cell, ...], console: Console) -> None:
    measured = folder.results()
    if measured and cells:
        page = render_html(measured, catalogue, folder.path / "report")
        console.print(render_table(measured, catalogue))
        console.print(f"results: {folder.path}\nreport:  {page.resolve().as_uri()}", soft_wrap=True, highlight=False)


def _answer(outcomes: dict[Column, Outcome], plan: MatrixPlan, *, strict: bool, console: Console) -> ExitCode:
    """The exit code, after a word on each problem; columns that share one share the word."""
    codes = [] if len(outcomes) == len(plan.columns) else [ExitCode.INCOMPLETE]
    problems: dict[Outcome, list[Column]] = {}
    for column in plan.columns:
        if column in outcomes and outcomes[column].problem:
            problems.setdefault(replace(outcomes[column], environment=None, path=None), []).append(column)
    for outcome, columns in problems.items():
        error = _error(columns, outcome)
        left_out = outcome.kind == "database" and not strict
        word, colour = ("left out", "yellow") if left_out else ("error", "red")
        console.print(f"{word}: {error}", style=colour, markup=False, highlight=False, soft_wrap=True)
        codes.extend([] if left_out else [error.code])
    if outcomes and all(outcome.kind == "database" for outcome in outcomes.values()):
        console.print("nothing was measured: no database answers", style="red", markup=False)
        codes.append(ExitCode.INCOMPLETE)
    return combine(codes)


def _error(columns: list[Column], outcome: Outcome) -> SuiteError:
    titles = ", ".join(column.title for column in columns)
    message = f"{titles} {'was' if len(columns) == 1 else 'were'} not measured: {outcome.problem.strip()}"
    if outcome.kind == "database":
        return SuiteError(message, columns[0].database.remedy, ExitCode.HARNESS)
    if outcome.kind == "killed":
        return SuiteError(message, _GO_ON, ExitCode.INCOMPLETE)
    return SuiteError(message, "The other columns are not affected.", ExitCode.HARNESS)

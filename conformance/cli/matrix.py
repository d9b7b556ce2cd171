"""`matrix`: many environments on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from conformance.case import Cell, ExitCode, SuiteError, combine
from conformance.catalogue import Catalogue, load_catalogue
from conformance.cli.choosing import choosing_options, chosen_columns
from conformance.cli.folder import MatrixFolder
from conformance.cli.options import environments_option, measuring_options
from conformance.cli.progress import MatrixProgress
from conformance.cli.signals import sigterm_interrupts
from conformance.matrix import Column, Shard
from conformance.report import render_html, render_table
from conformance.runner import PROFILES, Matrix, MatrixPlan, Outcome, cache_folder, copy_packages
from conformance.runner.embedded import embedded_postgresql, has_embedded, names_a_server
from conformance.runner.probes import connect

_GO_ON = "What was measured is kept; the same command measures the rest."


@click.command(short_help="Measure Django versions times databases on this machine.")
@choosing_options
@environments_option
@click.option("--workers", type=click.IntRange(min=1), help="Environments measured at a time. Default: one a core.")
@click.option(
    "--shard",
    metavar="NUMBER/COUNT",
    help="Measure one of so many parts of each column, for example 1/8; `merge` puts them together.",
)
@click.option(
    "--embedded",
    is_flag=True,
    help="Measure a PostgreSQL of the suite's own, from the extra postgresql-embedded. Without this option that is "
    "done where it is installed, no server is named and none answers.",
)
@measuring_options
def matrix(
    versions: tuple[str, ...],
    asgirefs: tuple[str, ...],
    databases: tuple[str, ...],
    full: bool,
    environments: Path,
    workers: int | None,
    shard: str | None,
    embedded: bool,
    only: tuple[str, ...],
    profile: str,
    seed: int,
    results: Path,
    timeout: float | None,
) -> ExitCode:
    """Measure Django versions times databases, and write the report.

    Builds an environment for each Django, keeps it, and measures as many at a time as there are cores. After an
    interruption the same command measures only the rest.
    """
    catalogue = load_catalogue()
    columns = chosen_columns(versions, asgirefs, databases, full=full)
    plan = MatrixPlan(
        columns=columns,
        cells=_cells(catalogue, only, shard),
        profile=PROFILES[profile],
        seed=seed,
        results=results,
        environments=environments,
        packages=copy_packages(environments),
        workers=workers or 0,
        timeout=timeout,
    )
    console = Console(soft_wrap=False)
    optional = _optional(by_name=bool(versions or asgirefs), databases_by_name=bool(databases))
    with MatrixFolder(plan, catalogue, optional=optional, only=only, shard=shard or "") as folder:
        with _postgresql(columns, console, embedded=embedded):
            outcomes = _measure(plan, folder, console)
        _report(folder, catalogue, plan.cells, console)
    return _answer(outcomes, plan, optional=optional, console=console)


@contextmanager
def _postgresql(columns: Sequence[Column], console: Console, *, embedded: bool) -> Iterator[None]:
    """Let PostgreSQL's columns find a server: the one that there is, or one of the suite's own."""
    wanted = any(column.database.vendor == "postgresql" for column in columns)
    needed = has_embedded() and not names_a_server() and bool(connect("127.0.0.1", 5432))
    if not wanted or not (embedded or needed):
        yield
        return
    with embedded_postgresql(cache_folder() / "postgresql") as place:
        console.print(f"PostgreSQL: one of the suite's own, in {place}", highlight=False, soft_wrap=True)
        yield


def _cells(catalogue: Catalogue, only: tuple[str, ...], shard: str | None) -> tuple[Cell, ...]:
    cells = catalogue.select(only)
    return Shard.parse(shard).of(cells, catalogue) if shard else cells


def _optional(*, by_name: bool, databases_by_name: bool) -> frozenset[str]:
    """Problems for which a column is left out: all but of what was asked for by name, or by a CI."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        return frozenset({"impossible"})
    missing = () if databases_by_name else ("database",)
    unbuilt = () if by_name or databases_by_name else ("environment",)
    return frozenset({"impossible", *missing, *unbuilt})


def _measure(plan: MatrixPlan, folder: MatrixFolder, console: Console) -> dict[Column, Outcome]:
    """How the columns ended; none at all after an interruption."""
    with sigterm_interrupts(), MatrixProgress(console, plan, folder) as progress:
        try:
            return Matrix(plan, progress).run()
        except KeyboardInterrupt:
            console.print("interrupted: what was measured is kept; the same command measures the rest")
            return {}


def _report(folder: MatrixFolder, catalogue: Catalogue, cells: tuple[Cell, ...], console: Console) -> None:
    """The table and the pages, unless the pages show these very results already."""
    page = folder.report
    if folder.report_is_current():
        console.print("nothing has changed: the report is that of the last run", highlight=False)
    elif cells and (measured := folder.results()):
        page = render_html(measured, catalogue, folder.report.parent)
        folder.note_report()
        console.print(render_table(measured, catalogue))
    else:
        return
    console.print(f"results: {folder.path}\nreport:  {page.resolve().as_uri()}", soft_wrap=True, highlight=False)


def _answer(
    outcomes: dict[Column, Outcome], plan: MatrixPlan, *, optional: frozenset[str], console: Console
) -> ExitCode:
    """The exit code, after a word on each problem; columns that share one share the word."""
    codes = [] if len(outcomes) == len(plan.columns) else [ExitCode.INCOMPLETE]
    problems: dict[Outcome, list[Column]] = {}
    for column in plan.columns:
        if column in outcomes and outcomes[column].problem:
            problems.setdefault(replace(outcomes[column], environment=None, path=None), []).append(column)
    for outcome, columns in problems.items():
        error = _error(columns, outcome)
        left_out = outcome.kind in optional
        word, colour = ("left out", "yellow") if left_out else ("error", "red")
        console.print(f"{word}: {error}", style=colour, markup=False, highlight=False, soft_wrap=True)
        codes.extend([] if left_out else [error.code])
    if outcomes and not any(outcome.environment for outcome in outcomes.values()):
        console.print("nothing was measured: no environment could be", style="red", markup=False)
        codes.append(ExitCode.INCOMPLETE)
    return combine(codes)


def _error(columns: list[Column], outcome: Outcome) -> SuiteError:
    titles = ", ".join(column.title for column in columns)
    message = f"{titles} {'was' if len(columns) == 1 else 'were'} not measured: {outcome.problem.strip()}"
    if outcome.kind == "database":
        return SuiteError(message, columns[0].database.remedy, ExitCode.HARNESS)
    if outcome.kind == "killed":
        return SuiteError(message, _GO_ON, ExitCode.INCOMPLETE)
    if outcome.kind == "impossible":
        return SuiteError(message, "Choose another Django or another database for it.", ExitCode.HARNESS)
    if outcome.kind == "environment" and "\n  " in message:  # its problem ends with its own remedy
        message, _, remedy = message.rpartition("\n  ")
        return SuiteError(message, remedy, ExitCode.HARNESS)
    return SuiteError(message, "The other columns are not affected.", ExitCode.HARNESS)

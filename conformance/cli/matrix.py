"""`matrix`: many environments on this machine."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import click
from platformdirs import user_cache_path
from rich.console import Console

from conformance.case import ExitCode, SuiteError, combine
from conformance.catalogue import Catalogue, load_catalogue
from conformance.cli.options import measuring_options
from conformance.cli.progress import MatrixProgress
from conformance.matrix import DATABASES, DEFAULT_SERIES, django_release
from conformance.report import render_html, render_table
from conformance.results import Results, file_name, read_results
from conformance.runner import PROFILES, Column, Matrix, MatrixPlan, Outcome, copy_packages


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
    default=lambda: user_cache_path("pytest-async-orm") / "environments",
    metavar="FOLDER",
    help="Where the virtual environments are kept.",
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
) -> ExitCode:
    """Measure Django versions times databases, and write the report.

    Builds one environment for each Django, keeps it, and measures as many at a time as there are cores. After an
    interruption the same command measures only the rest.
    """
    catalogue = load_catalogue()
    console = Console(soft_wrap=False)
    columns = tuple(
        Column(django_release(version), DATABASES[name]) for version in versions for name in databases or DATABASES
    )
    with tempfile.TemporaryDirectory(prefix="conformance-packages-") as packages:
        plan = MatrixPlan(
            columns=columns,
            cells=catalogue.select(only),
            profile=PROFILES[profile],
            seed=seed,
            results=results,
            environments=environments,
            packages=copy_packages(Path(packages)),
            workers=workers or 0,
        )
        outcomes, progress = _measure(plan, console)
    _report(plan, progress, catalogue, console)
    return _answer(outcomes, plan, explicit=bool(databases), console=console)


def _measure(plan: MatrixPlan, console: Console) -> tuple[dict[Column, Outcome], MatrixProgress]:
    """How the columns ended; those that an interruption kept from it are missing."""
    # A scheduler's SIGTERM is an interruption like Ctrl-C: workers end in good order, what was measured is reported.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with MatrixProgress(console, plan.columns, len(plan.cells)) as progress:
        try:
            return Matrix(plan, progress).run(), progress
        except KeyboardInterrupt:
            console.print("interrupted: what was measured is kept; the same command measures the rest")
            return {}, progress


def _report(plan: MatrixPlan, progress: MatrixProgress, catalogue: Catalogue, console: Console) -> None:
    measured = _read(plan, progress)
    if measured:
        page = render_html(measured, catalogue, plan.results / "report")
        console.print(render_table(measured, catalogue))
        console.print(f"results: {plan.results}\nreport:  {page.resolve().as_uri()}", soft_wrap=True, highlight=False)


def _read(plan: MatrixPlan, progress: MatrixProgress) -> list[Results]:
    paths = {plan.results / file_name(environment) for environment in progress.environments.values()}
    measured = [read_results(path) for path in paths if path.exists()]
    return sorted(measured, key=lambda results: results.environment.version_key)


def _answer(outcomes: dict[Column, Outcome], plan: MatrixPlan, *, explicit: bool, console: Console) -> ExitCode:
    """The exit code. A database that does not answer is left out with its reason, unless it was asked for by name or
    the run is a CI's."""
    strict = explicit or os.environ.get("CI", "").lower() in ("1", "true")
    codes = [ExitCode.INCOMPLETE] if len(outcomes) < len(plan.columns) else []
    for column, outcome in outcomes.items():
        if not outcome.problem:
            continue
        error = _error(column, outcome)
        if outcome.kind == "database" and not strict:
            console.print(f"left out: {error}", style="yellow", markup=False, soft_wrap=True)
            continue
        console.print(f"error: {error}", style="red", markup=False, soft_wrap=True)
        codes.append(error.code)
    return combine(codes or [ExitCode.CONFORMS] if outcomes else [ExitCode.INCOMPLETE])


def _error(column: Column, outcome: Outcome) -> SuiteError:
    message = f"{column.title} was not measured: {outcome.problem.strip()}"
    if outcome.kind == "database":
        return SuiteError(message, column.database.remedy, ExitCode.HARNESS)
    if outcome.kind == "killed":
        return SuiteError(
            message, "What was measured is kept; the same command measures the rest.", ExitCode.INCOMPLETE
        )
    return SuiteError(message, "The other columns are not affected.", ExitCode.HARNESS)

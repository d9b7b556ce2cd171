"""`run`: the environment of the running interpreter."""

from __future__ import annotations

import difflib
import os
import sys
from datetime import datetime, timezone
from pathlib import Path

import click
from rich.console import Console

from conformance.case import Cell, ExitCode, Measured, SuiteError
from conformance.catalogue import Catalogue, load_catalogue
from conformance.cli.options import catalogue_option, measuring_options, read_all
from conformance.cli.signals import sigterm_interrupts
from conformance.cli.verdicts import MOST_TOLD, print_failure, print_gate
from conformance.defects import defect_names, is_generated
from conformance.environment import Environment
from conformance.expectations import Expectations, load_expectations
from conformance.gate import judge
from conformance.matrix import DATABASES
from conformance.report import render_table
from conformance.results import read_results
from conformance.runner import PROFILES, Job, Outcome, hypothesis_environ, supervise
from conformance.worker.coroutines import RUNNER_NAMES


@click.command(short_help="Measure the environment of this interpreter.")
@click.option(
    "--settings",
    default=lambda: os.environ.get("DJANGO_SETTINGS_MODULE", "sample_app.settings.sqlite"),
    metavar="MODULE",
    help="Django settings whose default database is measured. "
    "Default: DJANGO_SETTINGS_MODULE, else the sample app's for SQLite.",
)
@click.option("--runner", type=click.Choice(RUNNER_NAMES), default=RUNNER_NAMES[0], help="How a coroutine is run.")
@click.option(
    "--defect",
    metavar="NAME",
    help="Plant a defect first, to see the checks fail. Its results go to a folder of their own, below --results.",
)
@click.option(
    "--since",
    type=click.Path(path_type=Path),
    metavar="RESULT",
    help="Earlier results (a file or a folder): measure again only what did not pass there, or has changed since.",
)
@click.option("--gate", "gates", is_flag=True, help="Judge what was measured: the exit code is that of `gate`.")
@click.option(
    "--expectations",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --gate, what is known not to conform, as TOML.",
)
@catalogue_option
@click.option(
    "--checks",
    multiple=True,
    metavar="MODULE",
    help="A module that registers the code of more checks, for a catalogue of your own. May be given several times.",
)
@measuring_options
def run(
    settings: str,
    runner: str,
    defect: str | None,
    since: Path | None,
    gates: bool,
    expectations: Path | None,
    catalogue_folder: Path | None,
    checks: tuple[str, ...],
    only: tuple[str, ...],
    profile: str,
    seed: int,
    results: Path,
    timeout: float | None,
) -> ExitCode:
    """Measure the environment of this interpreter: its Django, asgiref and driver, on one database."""
    _check_defect(defect)
    if expectations and not gates:
        raise click.UsageError("--expectations is for --gate: add it, or judge later with `gate`")
    known = load_expectations(expectations) if expectations else Expectations()
    catalogue = load_catalogue(catalogue_folder)
    console = Console()
    job = Job(
        python=sys.executable,
        settings=settings,
        environ={**os.environ, **hypothesis_environ(), "PYTHONHASHSEED": "0"},
        cells=catalogue.select(only),
        profile=PROFILES[profile],
        seed=seed,
        folder=results / "planted" / defect.replace("/", "-") if defect else results,
        runner=runner,
        defect=defect,
        catalogue=catalogue_folder,
        checks=checks,
        timeout=timeout,
        entries={entry.id: entry.digest for entry in catalogue.entries},
        since=tuple(read_all([since])) if since else (),
    )
    with sigterm_interrupts():
        outcome = supervise(job, _Lines(console))
    if outcome.path is not None:
        console.print(render_table([read_results(outcome.path)], catalogue))
        console.print(f"results: {outcome.path}", soft_wrap=True, highlight=False)
    if outcome.problem:
        raise _error(settings, outcome)
    return _gate(outcome, catalogue, known) if gates else ExitCode.CONFORMS


def _gate(outcome: Outcome, catalogue: Catalogue, known: Expectations) -> ExitCode:
    """Judge the environment that was measured, and no other that lies in the same folder."""
    assert outcome.path is not None
    verdict = judge([read_results(outcome.path)], catalogue, known, datetime.now(timezone.utc).date())
    print_gate(verdict)
    return verdict.code


class _Lines:
    """A line for each attempt at a cell."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._seen: set[Cell] = set()
        self._done, self._total = 0, 0
        # How many failures were told in full; the report has all of them.
        self._told = 0

    def planned(self, environment: Environment, done: int, total: int) -> None:
        self._done, self._total = done, total
        self._console.print(
            f"{environment.id}: {total - done} of {total} cells to measure", highlight=False, soft_wrap=True
        )

    def measured(self, measured: Measured) -> None:
        self._seen.add(measured.cell)
        reason = measured.failure.message if measured.failure else measured.reason
        why = f"  {reason}" if reason else ""
        line = f"[{self._done + len(self._seen)}/{self._total}] {measured.verdict:<8} {measured.cell}{why}"
        # Thousands of lines without a colour: through the console each would cost a hundred times as much.
        click.echo(line)
        if measured.failure is not None and measured.failure.difference and self._told < MOST_TOLD:
            self._told += 1
            print_failure(measured.failure, measured.cell, "      ")


def _check_defect(name: str | None) -> None:
    known = defect_names()
    if name is not None and name not in known and not is_generated(name):
        near = difflib.get_close_matches(name, known, n=3) or sorted(known)
        raise SuiteError(
            f"There is no planted defect called {name!r}.", f"Use one of: {', '.join(near)}.", ExitCode.USAGE
        )


def _error(settings: str, outcome: Outcome) -> SuiteError:
    message = f"{settings} was not measured: {outcome.problem.strip()}"
    if outcome.kind == "killed":
        return SuiteError(
            message, "What was measured is kept; the same command measures the rest.", ExitCode.INCOMPLETE
        )
    remedies = {database.settings: database.remedy for database in DATABASES.values()}
    fallback = "Check the settings module and the database that it names."
    return SuiteError(message, remedies.get(settings, fallback), ExitCode.HARNESS)

"""`stress`: is a verdict the same with other examples, again and again?"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from conformance.case import Cell, ExitCode, SuiteError, combine
from conformance.catalogue import load_catalogue
from conformance.cli.options import catalogue_option, sampling_options
from conformance.cli.signals import sigterm_interrupts
from conformance.results import Results, read_results
from conformance.runner import PROFILES, Job, Outcome, hypothesis_environ
from conformance.runner.controls import Quiet
from conformance.runner.stress import Stress

_MOST_SEEDS = 10


@click.command(short_help="Measure with many seeds, and say where verdicts differ.")
@click.argument("names", metavar="ID...", nargs=-1, required=True)
@click.option("--times", type=click.IntRange(min=2), default=20, show_default=True, help="With how many seeds.")
@click.option(
    "--settings",
    default=lambda: os.environ.get("DJANGO_SETTINGS_MODULE", "sample_app.settings.sqlite"),
    metavar="MODULE",
    help="Django settings whose default database is measured. "
    "Default: DJANGO_SETTINGS_MODULE, else the sample app's for SQLite.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Runs at a time. Default: one a core.")
@catalogue_option
@click.option("--checks", multiple=True, metavar="MODULE", help="As for `run`.")
@sampling_options
def stress(
    names: tuple[str, ...],
    times: int,
    settings: str,
    workers: int | None,
    catalogue_folder: Path | None,
    checks: tuple[str, ...],
    profile: str,
    seed: int,
    results: Path,
    timeout: float | None,
) -> ExitCode:
    """Measure ID (an entry, a cell or an area) with many seeds, several at a time, and say where verdicts differ.

    The seeds begin with --seed. Each run is kept below --results, and the same command goes on where it was
    interrupted. Exit codes: 0 every verdict is always the same, 14 one is not, 12 or 13 a run did not come to its end.
    """
    cells = load_catalogue(catalogue_folder).select(names)
    jobs = [
        Job(
            python=sys.executable,
            settings=settings,
            environ={**os.environ, **hypothesis_environ(), "PYTHONHASHSEED": "0"},
            cells=cells,
            profile=PROFILES[profile],
            seed=number,
            folder=results / "stress" / f"seed-{number}",
            catalogue=catalogue_folder,
            checks=checks,
            timeout=timeout,
        )
        for number in range(seed, seed + times)
    ]
    return _stress(jobs, cells, workers or 0)


@dataclass(frozen=True)
class _Found:
    """What was measured by seed, and which runs did not come to their end."""

    measured: dict[int, Results]
    problems: dict[int, Outcome]


def _stress(jobs: Sequence[Job], cells: Sequence[Cell], workers: int) -> ExitCode:
    found = _Found({}, {})

    def ended(job: Job, outcome: Outcome) -> None:
        if outcome.path is not None:
            found.measured[job.seed] = read_results(outcome.path)
        if outcome.problem:
            found.problems[job.seed] = outcome
        done = len(found.measured.keys() | found.problems.keys())
        click.echo(f"seed {job.seed}: {outcome.problem.strip() or 'measured'} ({done} of {len(jobs)})", err=True)

    codes: list[ExitCode] = []
    try:
        with sigterm_interrupts():
            Stress(jobs, Quiet(), workers).run(ended)
    except KeyboardInterrupt:
        click.echo("interrupted: what was measured is kept; the same command goes on from there", err=True)
        codes.append(ExitCode.INCOMPLETE)
    commands = {job.seed: job for job in jobs}
    for cell in cells:
        for line in _lines(cell, found.measured, commands):
            click.echo(line)
    if found.measured and any(len(_verdicts(cell, found.measured)) > 1 for cell in cells):
        codes.append(ExitCode.FLAKE)
    codes += [_code(outcome) for outcome in found.problems.values()]
    if found.problems and not found.measured:
        raise _nothing(next(iter(found.problems.values())))
    return combine(codes)


def _code(outcome: Outcome) -> ExitCode:
    return ExitCode.INCOMPLETE if outcome.kind == "killed" else ExitCode.HARNESS


def _verdicts(cell: Cell, measured: dict[int, Results]) -> dict[str, list[int]]:
    """By verdict the seeds that gave it."""
    seeds: dict[str, list[int]] = {}
    for seed in sorted(measured):
        name = measured[seed].verdict(cell).name
        if name != "unknown":
            seeds.setdefault(name, []).append(seed)
    return seeds


def _lines(cell: Cell, measured: dict[int, Results], jobs: dict[int, Job]) -> Iterator[str]:
    verdicts = _verdicts(cell, measured)
    total = sum(map(len, verdicts.values()))
    counts = ", ".join(f"{name} {len(seeds)} of {total}" for name, seeds in verdicts.items()) or "not measured"
    yield f"{cell}: {counts}"
    if len(verdicts) < 2:
        return
    usual = max(verdicts, key=lambda name: len(verdicts[name]))
    for name, seeds in verdicts.items():
        if name != usual:
            yield f"  {name} with the seeds {', '.join(map(str, seeds[:_MOST_SEEDS]))}{_more(seeds)}"
            last = measured[seeds[0]].last(cell)
            yield f"    {' '.join((last.failure.message if last.failure else last.reason).split())}" if last else ""
            yield f"    again: {jobs[seeds[0]].command(cell)}"


def _more(seeds: Sequence[int]) -> str:
    return f" and {len(seeds) - _MOST_SEEDS} more" if len(seeds) > _MOST_SEEDS else ""


def _nothing(outcome: Outcome) -> SuiteError:
    return SuiteError(
        f"Nothing was measured: {outcome.problem.strip()}.",
        "Check the settings module and the database that it names.",
        _code(outcome),
    )

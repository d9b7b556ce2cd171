"""`selfcheck`: the proof that every judge can fail."""

from __future__ import annotations

import hashlib
import os
import random
import socket
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

from conformance import __version__
from conformance.case import Cell, ExitCode
from conformance.catalogue import JUDGES, Catalogue, load_catalogue
from conformance.cli.options import DEFAULT_FOLDER
from conformance.cli.signals import sigterm_interrupts
from conformance.defects import descriptions, survivor_reasons
from conformance.results.kills import KillLines, KillMatrix, Tried, explained
from conformance.runner import PROFILES, Job, hypothesis_environ
from conformance.runner.controls import run_controls, run_truths
from conformance.runner.proof import Making, ProofJob, Prover, never_given
from conformance.runner.surface import unanswered_names

# The part of the planted defects that must be noticed by the judge that is named.
_ENOUGH = 0.98
# A sample has about so many defects of one entry.
_OF_ONE = 5
_T = TypeVar("_T")


@click.command(short_help="Show that every judge notices what it has to.")
@click.option(
    "--settings",
    default=lambda: os.environ.get("DJANGO_SETTINGS_MODULE", "sample_app.settings.sqlite"),
    metavar="MODULE",
    help="Django settings on whose default database the defects are planted.",
)
@click.option("--only", multiple=True, metavar="ID", help="An entry or an area. Default: everything.")
@click.option("--generator", "generators", multiple=True, metavar="NAME", help="Only what this generator makes.")
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    metavar="N",
    help="Only so many defects, drawn by the seed, of a few entries.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the examples, and of the sample.")
@click.option("--workers", type=click.IntRange(min=1), default=os.cpu_count(), show_default="cores", metavar="N")
@click.option("--kills-only", is_flag=True, help="Neither the controls nor the synthetic entries.")
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=DEFAULT_FOLDER,
    show_default=True,
    metavar="FOLDER",
    help="Where results are kept. What an earlier selfcheck tried there is not tried again.",
)
def selfcheck(
    settings: str,
    only: tuple[str, ...],
    generators: tuple[str, ...],
    sample: int | None,
    seed: int,
    workers: int,
    kills_only: bool,
    results: Path,
) -> ExitCode:
    """Show that every judge can fail: plant defects, and see each noticed by the judge that is named.

    Exit code 13 where one survives without an explanation, where less than 98 % are noticed, where a control or a
    synthetic entry is not as it has to be, or where Django has a public asynchronous name that no entry answers for.
    """
    catalogue = load_catalogue()
    console = Console()
    environ = {**os.environ, **hypothesis_environ(), "PYTHONHASHSEED": "0"}
    cells = catalogue.select(only)
    job = ProofJob(sys.executable, settings, environ, seed, workers, _database(results, settings))
    with sigterm_interrupts():
        matrix = _kills(job, catalogue, cells, set(generators), sample, results, console)
        if not kills_only:
            matrix = _controlled(matrix, job, cells, results, console)
    path = matrix.write(results)
    problems = [*_problems(matrix), *([] if kills_only else _unanswered(job, catalogue))]
    _show(matrix, console)
    for problem in problems:
        console.print(f"problem: {problem}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"kill matrix: {path}", soft_wrap=True, highlight=False)
    return ExitCode.HARNESS if problems else ExitCode.CONFORMS


def _database(results: Path, settings: str) -> str:
    words = (socket.gethostname(), str(results.resolve()), settings)
    return f"conformance_{hashlib.sha256(' '.join(words).encode()).hexdigest()[:12]}"


def _kills(
    job: ProofJob,
    catalogue: Catalogue,
    cells: tuple[Cell, ...],
    generators: set[str],
    sample: int | None,
    results: Path,
    console: Console,
) -> KillMatrix:
    facts = {"settings": job.settings, "suite": __version__, "catalogue": catalogue.hash, "seed": job.seed}
    lines = KillLines(results, {**facts, "defects": _digest()})
    entries = [name for name in _judged(catalogue) if name in {cell.entry for cell in cells}]
    if sample is not None:
        # Also to learn what makes sense at an entry costs a run of its examples.
        entries = _drawn(entries, max(1, sample // _OF_ONE), job.seed)
    with Prover(job) as prover:
        makings = {making.entry: making for making in _told(prover.make(entries), len(entries), "entries", console)}
        made = [each for name in entries for each in makings[name].defects]
        if sample is None and len(entries) == len(_judged(catalogue)):
            made += never_given(makings[name] for name in entries)
        wanted = [each for each in made if not generators or each.generator in generators]
        chosen = wanted if sample is None else _drawn(wanted, sample, job.seed)
        todo = [each for each in chosen if each not in lines.known]
        tried = {each: lines.known[each] for each in chosen if each in lines.known}
        known = {name: making.known for name, making in makings.items()}
        for each in _told(prover.attempt(todo, known), len(todo), "defects", console):
            lines.add(each)
            tried[each.planted] = each
    done = tuple(explained((tried[each] for each in chosen), survivor_reasons()))
    whole = sample is None and not generators
    return KillMatrix(
        facts={**facts, "sample": sample},
        about=descriptions(),
        tried=done,
        without={name: making.missing for name, making in makings.items() if making.missing},
        unproven=tuple(_unproven(makings, done)) if whole else (),
    )


def _judged(catalogue: Catalogue) -> list[str]:
    return [entry.id for entry in catalogue.entries if entry.judged and entry.stage != "retired"]


def _digest() -> str:
    """Of the code that makes defects: what was tried with another one is tried again."""
    from importlib.resources import files

    folder = Path(str(files("conformance.defects")))
    texts = [path.read_bytes() for path in sorted(folder.rglob("*.py"))]
    return hashlib.sha256(b"".join(texts)).hexdigest()[:16]


def _drawn(items: list[_T], number: int, seed: int) -> list[_T]:
    """So many of them, in their order: what belongs to one entry stands together."""
    if number >= len(items):
        return items
    return [items[at] for at in sorted(random.Random(seed).sample(range(len(items)), number))]


def _unproven(makings: dict[str, Making], tried: Iterable[Tried]) -> Iterator[str]:
    """Cells whose judge could disagree and killed nothing: nobody has seen it fail there."""
    proven = {(each.planted.entry, name) for each in tried for name in (each.by, *each.also)}
    for entry, making in makings.items():
        for judge in making.judges:
            if not making.missing and JUDGES[judge].counts and (entry, judge) not in proven:
                yield f"{entry}:{judge}"


def _controlled(
    matrix: KillMatrix, job: ProofJob, cells: tuple[Cell, ...], results: Path, console: Console
) -> KillMatrix:
    from dataclasses import replace

    console.print("controls: the catalogue without a defect, with one that changes nothing, and synthetic entries")
    measuring = Job(
        python=job.python,
        settings=job.settings,
        environ=job.environ,
        cells=cells,
        profile=PROFILES["smoke"],
        seed=job.seed,
        folder=results / "controls",
        runner=job.runner,
    )
    return replace(matrix, controls=run_controls(measuring), truths=dict(run_truths(measuring)))


def _told(items: Iterator[Any], total: int, what: str, console: Console) -> Iterator[Any]:
    """Say ten times on the way how far it is, and how long the rest may take."""
    started, said = time.monotonic(), 0
    for number, item in enumerate(items, start=1):
        yield item
        if number * 10 // total > said or number == total:
            said = number * 10 // total
            left = (time.monotonic() - started) / number * (total - number)
            console.print(f"{number} of {total} {what}, about {left:.0f} s left", highlight=False)


def _problems(matrix: KillMatrix) -> Iterator[str]:
    for tried in matrix.unexplained:
        why = tried.broken or f"{tried.planted.judge} does not notice it"
        yield f"{tried.planted.defect} survives: {why}"
    if matrix.tried and matrix.rate < _ENOUGH:
        yield f"{matrix.rate:.1%} of the defects are noticed by the judge that is named, and {_ENOUGH:.0%} have to be"
    for kind, found in (("control", matrix.controls), ("synthetic entry", matrix.truths)):
        for name, problem in (found or {}).items():
            if problem:
                yield f"{kind} {name}: {problem}"


def _unanswered(job: ProofJob, catalogue: Catalogue) -> Iterator[str]:
    for name in unanswered_names(job.python, job.settings, job.environ, catalogue):
        yield (
            f"{name} is a public asynchronous name of this Django, and nothing answers for it: add an entry, or say in "
            "conformance/surface/surface.toml why there is none"
        )


def _show(matrix: KillMatrix, console: Console) -> None:
    table = Table("generator", "judges", "killed", box=None)
    for name, judges in matrix.counts().items():
        killed, of = (sum(count[at] for count in judges.values()) for at in (0, 1))
        table.add_row(name, ", ".join(judges), f"{killed} of {of}")
    console.print(table)
    dead = len(matrix.tried) - len(matrix.survivors)
    explained_ = len(matrix.survivors) - len(matrix.unexplained)
    console.print(
        f"{dead} of {len(matrix.tried)} defects are noticed by the judge that is named ({matrix.rate:.1%}); "
        f"{explained_} survivors are explained, {len(matrix.unexplained)} are not",
        highlight=False,
    )
    if matrix.unproven:
        console.print(f"{len(matrix.unproven)} cells whose judge killed nothing: see the kill matrix", highlight=False)

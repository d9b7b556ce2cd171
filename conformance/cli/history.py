"""`history`: in which exact release a verdict changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from filelock import FileLock, Timeout
from rich.console import Console

from conformance.case import ExitCode, SuiteError
from conformance.catalogue import load_catalogue
from conformance.cli.history_progress import HistoryProgress
from conformance.cli.options import environments_option, sampling_options
from conformance.cli.signals import sigterm_interrupts
from conformance.history import (
    PACKAGES,
    PYPI,
    EntryHistory,
    HistoryLine,
    Range,
    known_releases,
    open_gaps,
    ranges_text,
    series_of,
    version_key,
)
from conformance.history.kept import FOLDER
from conformance.history.releases import named_releases
from conformance.matrix import DATABASES
from conformance.results.disk import locked, refused, unlock
from conformance.runner import PROFILES, HistorySearch, copy_packages
from conformance.runner.history import exact_release

# The Django on which releases of asgiref are measured: no other that is in use accepts as many.
_ASGIREF_ON = "4.2"
# The oldest Django that runs on a Python of this suite.
_LOCK = ".history.lock"
# Releases that are named one by one.
_MOST = 3
_OLDEST = {"django": "3.2", "asgiref": "3.6"}


@click.command(short_help="Say in which exact releases a verdict changed.")
@click.argument("names", metavar="ID...", nargs=-1, required=True)
@click.option("--package", type=click.Choice(tuple(PACKAGES)), default="django", show_default=True)
@click.option(
    "--django",
    default="",
    metavar="VERSION",
    help=f"With --package asgiref, the Django that stays the same. Default: the newest {_ASGIREF_ON}.",
)
@click.option("--database", type=click.Choice(tuple(DATABASES)), default="sqlite", show_default=True)
@click.option("--since", default="", metavar="VERSION", help="The oldest release to look at.")
@click.option("--until", default="", metavar="VERSION", help="The newest release to look at.")
@click.option("--release", "named", multiple=True, metavar="VERSION", help="Look at these releases alone.")
@click.option("--every", is_flag=True, help="Measure every release: a change that a later one took back is found too.")
@click.option("--index", default=PYPI, show_default=True, metavar="URL", help="Where the releases are asked for.")
@click.option("--format", "kind", type=click.Choice(["text", "json"]), default="text", show_default=True)
@environments_option
@click.option("--workers", type=click.IntRange(min=1), help="Releases measured at a time. Default: one a core.")
@sampling_options
def history(
    names: tuple[str, ...],
    package: str,
    django: str,
    database: str,
    since: str,
    until: str,
    named: tuple[str, ...],
    every: bool,
    index: str,
    kind: str,
    environments: Path,
    workers: int | None,
    profile: str,
    seed: int,
    results: Path,
    timeout: float | None,
) -> ExitCode:
    """Say in which releases the verdict of ID changed: an entry, a cell or an area, or several.

    Measures the first and the last release of every series, then the middle between two that differ, until every
    change lies between neighbours. What is measured is kept below the results folder: the same command measures
    nothing a second time, and goes on where it was interrupted.
    """
    catalogue = load_catalogue()
    cells = catalogue.select(names)
    line = HistoryLine(package, database, _fixed(package, django, results, index))
    releases, remark = _releases(line, named, results, index)
    possible, left_out = _possible(line, _between(releases, since or _OLDEST[package], until))
    search = HistorySearch(
        line=line,
        releases=possible,
        cells=cells,
        catalogue=catalogue,
        profile=PROFILES[profile],
        seed=seed,
        results=results,
        environments=environments,
        packages=copy_packages(environments),
        workers=workers or 0,
        timeout=timeout,
        every=every,
    )
    complete = _run(search, tuple(filter(None, (remark, left_out))))
    known = search.histories()
    _print(known, kind)
    gaps = any(open_gaps(each.releases, each.outcomes) or each.failed for each in known)
    return ExitCode.INCOMPLETE if gaps or not complete else ExitCode.CONFORMS


def _fixed(package: str, django: str, results: Path, index: str) -> str:
    """The exact Django on which another package's releases are measured."""
    if package == "django":
        return ""
    wanted = django or _ASGIREF_ON
    if wanted.count(".") > 1:
        return wanted
    releases, _ = known_releases("django", results / FOLDER, index=index)
    found = [version for version in releases if series_of(version) == wanted]
    if not found:
        raise SuiteError(
            f"There is no Django {wanted}.",
            f"The newest release is {releases[-1]}: name one with --django.",
            ExitCode.USAGE,
        )
    return found[-1]


def _releases(line: HistoryLine, named: tuple[str, ...], results: Path, index: str) -> tuple[list[str], str]:
    if named:
        return named_releases(named), ""
    return known_releases(line.package, results / FOLDER, django=line.django, index=index)


def _between(releases: Iterable[str], since: str, until: str) -> tuple[str, ...]:
    """Those of a series are within it, however high their last number is."""
    found = tuple(
        version
        for version in releases
        if version_key(version) >= version_key(since)
        and (not until or version_key(version) <= version_key(until) or series_of(version) == until)
    )
    if not found:
        raise SuiteError(
            f"There is no release from {since} to {until or 'the newest'}.",
            "Name other ends with --since and --until.",
            ExitCode.USAGE,
        )
    return found


def _possible(line: HistoryLine, releases: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Those that can be brought to this database on some machine, and a remark on the others."""
    obstacles = {
        version: DATABASES[line.database].obstacle(exact_release(line.django or version)) for version in releases
    }
    possible = tuple(version for version in releases if not obstacles[version])
    refused = tuple(version for version in releases if obstacles[version])
    if not possible:
        raise SuiteError(
            f"None of the {len(releases)} releases can be measured on {DATABASES[line.database].title}: "
            f"{obstacles[releases[-1]]}.",
            "Name another database, or newer releases with --until.",
            ExitCode.USAGE,
        )
    if not refused:
        return possible, ""
    return possible, f"left out: {_listed(refused)}, because {obstacles[refused[-1]]}"


def _listed(versions: Sequence[str]) -> str:
    if len(versions) <= _MOST:
        return ", ".join(versions)
    return f"{versions[0]} to {versions[-1]} ({len(versions)} releases)"


def _run(search: HistorySearch, remarks: tuple[str, ...]) -> bool:
    """Whether it came to its end."""
    console = Console(soft_wrap=True, stderr=True)
    for remark in remarks:
        console.print(remark, style="yellow", markup=False, highlight=False)
    lock = _lock(search.line.folder(search.results))
    try:
        with sigterm_interrupts(), HistoryProgress(console, search) as progress:
            search.run(progress)
        return True
    except KeyboardInterrupt:
        console.print("interrupted: what was measured is kept; the same command goes on from there", markup=False)
        return False
    finally:
        unlock(lock)


def _lock(folder: Path) -> FileLock:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return locked(folder / _LOCK)
    except Timeout:
        raise refused(folder, "another `history` is at work in it") from None
    except OSError as error:
        raise refused(folder, error.strerror or str(error)) from error


def _print(known: Sequence[EntryHistory], kind: str) -> None:
    if kind == "json":
        click.echo(json.dumps([_document(each) for each in known], indent=2, ensure_ascii=False))
        return
    for each in known:
        for line in _lines(each):
            click.echo(line)


def _lines(each: EntryHistory) -> Iterator[str]:
    yield click.style(each.entry.id, bold=True) + f"  {each.entry.title}"
    yield f"  {each.line.title}: {ranges_text(each.ranges)}"
    apart: dict[tuple[Range, ...], list[str]] = {}
    for name, ranges in each.checks.items():
        if ranges != each.ranges:
            apart.setdefault(ranges, []).append(name)
    for ranges, names in apart.items():
        yield f"    {', '.join(names)}: {ranges_text(ranges)}"
    for low, high in open_gaps(each.releases, each.outcomes):
        yield f"  it changed between {low} and {high}: the same command finds out where"
    measured, total = len(each.verdicts), len(each.releases)
    if measured + len(each.failed) < total:
        yield f"  {measured} of {total} releases were measured; between two that agree, the others are taken to agree"
    reasons: dict[str, list[str]] = {}
    for version in (version for version in each.releases if version in each.failed):
        reasons.setdefault(each.failed[version], []).append(version)
    for reason, versions in reasons.items():
        yield f"  not measured: {_listed(versions)}: {reason}"


def _document(each: EntryHistory) -> dict[str, Any]:
    return {
        "entry": each.entry.id,
        "package": each.line.package,
        "django": each.line.django or None,
        "database": each.line.database,
        "measured": {version: each.word(version) for version in each.releases if version in each.verdicts},
        "ranges": [asdict(found) for found in each.ranges],
        "checks": {name: [asdict(found) for found in ranges] for name, ranges in each.checks.items()},
        "failed": dict(each.failed),
    }

"""`diff`: what changed from some results to others, told as release notes tell it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import click

from conformance.case import ExitCode, SuiteError
from conformance.catalogue import load_catalogue
from conformance.cli.options import DEFAULT_FOLDER, catalogue_option, read_all
from conformance.comparison import Comparison, Line, compare, comparison_json, comparison_markdown, release_notes
from conformance.results import Results

_VERSION = re.compile(r"\d+(\.\d+)+((a|b|rc)\d+)?")
_COLOURS = {"right": "green", "wrong": "red", "appeared": "cyan", "went": "magenta", "otherwise": "yellow"}


@click.command(short_help="Say what changed from some results, or Djangos, to others.")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--format", "kind", type=click.Choice(["text", "md", "json"]), default="text", show_default=True)
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=DEFAULT_FOLDER,
    show_default=True,
    metavar="FOLDER",
    help="Where results are looked for if A and B are Django versions.",
)
@catalogue_option
def diff(before: str, after: str, kind: str, results: Path, catalogue_folder: Path | None) -> None:
    """Say what changed from A to B: two result files or folders, or two Django versions of one folder.

    What became right, what became wrong, what appeared and what went, by area; then what has the same verdict and is
    done differently, such as natively and no longer on a thread.
    """
    catalogue = load_catalogue(catalogue_folder)
    comparison = compare(_side(before, results), _side(after, results), catalogue)
    if kind == "text":
        _print(comparison)
    else:
        click.echo((comparison_markdown if kind == "md" else comparison_json)(comparison), nl=False)


def _side(name: str, folder: Path) -> list[Results]:
    """The results that a name stands for: a path first, else a version."""
    if Path(name).exists():
        return _measured(Path(name))
    if not _VERSION.fullmatch(name):
        raise SuiteError(
            f"{name!r} is neither a file or a folder of results nor a Django version.",
            "Name two result folders, or two versions of one folder: `diff 5.2 6.0 --results FOLDER`.",
            ExitCode.USAGE,
        )
    return _of_version(name, folder)


def _measured(path: Path) -> list[Results]:
    """What was measured there: a column of a matrix that never began has nothing to compare."""
    found = read_all([path])
    measured = [results for results in found if any(each.verdict != "setup_error" for each in results.cells)]
    for results in found:
        if results not in measured:
            click.echo(f"left out: {results.environment}, of which nothing was measured", err=True)
    return measured


def _of_version(version: str, folder: Path) -> list[Results]:
    """Of a series, the newest release of each environment."""
    found = _measured(folder)
    exact = [results for results in found if results.environment.django == version]
    chosen = exact or _newest([results for results in found if results.environment.django_series == version])
    if not chosen:
        known = ", ".join(dict.fromkeys(results.environment.django for results in found))
        raise SuiteError(
            f"{folder} has no results of Django {version}; it has {known}.",
            f"Measure them with `async-orm-conformance matrix --django {version} --results {folder}`.",
            ExitCode.INCOMPLETE,
        )
    return chosen


def _newest(found: Sequence[Results]) -> list[Results]:
    releases = sorted({results.environment.version_key[0] for results in found})
    return [results for results in found if results.environment.version_key[0] == releases[-1]]


def _print(comparison: Comparison) -> None:
    for line in release_notes(comparison):
        click.echo(_styled(line))


def _styled(line: Line) -> str:
    if line.level == 0:
        return click.style(line.text, bold=True)
    if line.level == 1:
        return "\n" + click.style(line.text, fg=_COLOURS.get(line.kind), bold=True)
    return "  " * max(line.level - 1, 0) * (line.level < 5) + line.text

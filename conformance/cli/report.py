"""`report`: the results as pages, as text, and for a CI."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path

import click

from conformance.case import ExitCode, SuiteError
from conformance.catalogue import Catalogue, load_catalogue
from conformance.cli.options import DEFAULT_FOLDER, catalogue_option, read_all
from conformance.expectations import Expectations, load_expectations
from conformance.gate import GateResult, judge
from conformance.history import histories
from conformance.report import (
    badges,
    render_html,
    render_json,
    render_junit,
    render_markdown,
    render_summary,
    write_badges,
)
from conformance.results import Results, merge_results
from conformance.results.kills import read_kill_summary

_JUDGED: dict[str, Callable[[Sequence[Results], Catalogue, GateResult], str]] = {
    "junit": lambda measured, _, judged: render_junit(measured, judged),
    "summary": render_summary,
}
_PLAIN = {"md": render_markdown, "json": render_json}


@click.command(short_help="Write results as pages, as text, or for a CI.")
@click.argument("results", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "kind",
    type=click.Choice(["html", "md", "json", "junit", "summary", "badge"]),
    default="html",
    show_default=True,
    help="summary: Markdown for the step summary of a CI, at most some hundred lines. badge: a picture, and what "
    "shields.io reads, for each database.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="A folder for html and badge (default: report and badges below the results folder), a file for the others "
    "(default: standard output).",
)
@click.option(
    "--expectations",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="For junit and summary: what is known not to conform, as TOML.",
)
@catalogue_option
def report(
    results: tuple[Path, ...],
    kind: str,
    output: Path | None,
    expectations: Path | None,
    catalogue_folder: Path | None,
) -> None:
    """Write RESULTS (files or folders; default: conformance-results) as a report.

    Its exit code says whether it was written; `gate` says whether the results conform.
    """
    if expectations and kind not in _JUDGED:
        raise click.UsageError(f"--expectations is for --format junit and summary, and not for {kind}")
    catalogue = load_catalogue(catalogue_folder)
    paths = results or (DEFAULT_FOLDER,)
    measured = merge_results(read_all(paths))
    beside = paths[0] if paths[0].is_dir() else paths[0].parent
    if kind == "html":
        summaries = (read_kill_summary(path if path.is_dir() else path.parent) for path in paths)
        kills = next(filter(None, summaries), None)
        kept = (each for path in paths if path.is_dir() for each in histories(path, catalogue))
        click.echo(render_html(measured, catalogue, output or beside / "report", kills, kept).resolve().as_uri())
    elif kind == "badge":
        for path in write_badges(badges(measured, catalogue), output or beside / "badges"):
            click.echo(path)
    elif kind in _PLAIN:
        _write(_PLAIN[kind](measured, catalogue), output)
    else:
        known = load_expectations(expectations) if expectations else Expectations()
        judged = judge(measured, catalogue, known, datetime.now(timezone.utc).date())
        _write(_JUDGED[kind](measured, catalogue, judged), output)


def _write(text: str, path: Path | None) -> None:
    if path is None:
        click.echo(text, nl=False)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise SuiteError(
            f"The report cannot be written to {path}: {error.strerror or error}.",
            "Name another file with --output, or make room and permission there; no result was changed.",
            ExitCode.HARNESS,
        ) from error

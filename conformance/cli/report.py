"""`report`: the results as pages."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.catalogue import load_catalogue
from conformance.cli.options import DEFAULT_FOLDER, catalogue_option, read_all
from conformance.report import render_html, render_json, render_markdown
from conformance.results import merge_results
from conformance.results.kills import read_kill_summary


@click.command()
@click.argument("results", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "kind", type=click.Choice(["html", "md", "json"]), default="html", show_default=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="A folder for html (default: report below the results folder). Markdown and JSON go to standard output.",
)
@catalogue_option
def report(results: tuple[Path, ...], kind: str, output: Path | None, catalogue_folder: Path | None) -> None:
    """Write RESULTS (files or folders; default: conformance-results) as a report."""
    catalogue = load_catalogue(catalogue_folder)
    paths = results or (DEFAULT_FOLDER,)
    measured = merge_results(read_all(paths))
    if kind == "html":
        folder = output or (paths[0] if paths[0].is_dir() else paths[0].parent) / "report"
        summaries = (read_kill_summary(path if path.is_dir() else path.parent) for path in paths)
        kills = next(filter(None, summaries), None)
        click.echo(render_html(measured, catalogue, folder, kills).resolve().as_uri())
    else:
        click.echo((render_markdown if kind == "md" else render_json)(measured, catalogue), nl=False)

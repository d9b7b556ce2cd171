"""`merge`: put the results of several machines together."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.cli.options import read_all
from conformance.results import file_name, merge_results, write_results


@click.command()
@click.argument("parts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--output", required=True, type=click.Path(path_type=Path), metavar="FOLDER", help="Where to write.")
def merge(parts: tuple[Path, ...], output: Path) -> None:
    """Merge PARTS (files or folders) into one file an environment, judged against their plans.

    A cell that stands in several parts has several attempts. What is written can be merged again.
    """
    for results in merge_results(read_all(parts)):
        path = output / file_name(results.environment)
        backup = write_results(results, path)
        arrived = len(results.planned) - len(results.missing)
        partial = "" if results.complete else ", partial"
        click.echo(f"{path}: {arrived} of {len(results.planned)} cells{partial}")
        if backup is not None:
            click.echo(f"  the file that was there is now {backup.name}")

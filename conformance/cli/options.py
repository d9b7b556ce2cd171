"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from conformance.results import Results, read_folder

DEFAULT_FOLDER = Path("conformance-results")

catalogue_option = click.option(
    "--catalogue",
    "catalogue_folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Another catalogue than the one that comes with the suite.",
)


def read_all(paths: Iterable[Path]) -> list[Results]:
    """The results of every file and folder, each file once."""
    found = (results for path in paths for results in read_folder(path))
    return list({Path(results.source).resolve(): results for results in found}.values())

"""`list`: the entries of the catalogue."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from conformance.catalogue import CatalogueEntry, load_catalogue
from conformance.cli.options import catalogue_option

_COLUMNS = ("id", "level", "checks", "title")


@click.command(name="list", short_help="List the entries of the catalogue.")
@click.argument("pattern", nargs=-1)
@catalogue_option
def list_entries(pattern: tuple[str, ...], catalogue_folder: Path | None) -> None:
    """List the entries, or those that a PATTERN names: an id, an area, or `*` for whole segments."""
    catalogue = load_catalogue(catalogue_folder)
    entries = dict.fromkeys(cell.entry for cell in catalogue.select(pattern))
    rows = [_row(catalogue.entry(name)) for name in entries]
    if sys.stdout.isatty():
        _print_table(rows)
    else:  # one line an entry, the same at any width: for grep and cut
        for row in rows:
            click.echo("\t".join(row))


def _row(entry: CatalogueEntry) -> tuple[str, ...]:
    level = entry.level if entry.stage == "required" else f"{entry.level} ({entry.stage})"
    return entry.id, level, " ".join(check.name for check in entry.checks), entry.title


def _print_table(rows: list[tuple[str, ...]]) -> None:
    table = Table(*_COLUMNS, box=None)
    for row in rows:
        table.add_row(*row)
    Console().print(table)

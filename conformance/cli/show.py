"""`show`: all that the catalogue says of one id."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from conformance.catalogue import Catalogue, CatalogueEntry, Check, Claim, load_catalogue
from conformance.cli.options import catalogue_option


@click.command()
@click.argument("name", metavar="ID")
@catalogue_option
def show(name: str, catalogue_folder: Path | None) -> None:
    """Show the entry or the claim ID: what it checks, with which oracles, and where that is documented."""
    catalogue = load_catalogue(catalogue_folder)
    claim = next((claim for claim in catalogue.claims if claim.id == name), None)
    lines = _claim(claim, catalogue) if claim else _entry(catalogue.entry(name.partition(":")[0]))
    for line in lines:
        click.echo(line)


def _entry(entry: CatalogueEntry) -> Iterator[str]:
    yield click.style(entry.id, bold=True) + f"  {entry.title}"
    yield f"  {entry.level}, {entry.stage}, {entry.subject} of the area {entry.area}; isolation: {entry.isolation}"
    yield f"  documented: {entry.documented}, {_window(entry)}"
    for title, values in (("requires", entry.requires), ("depends on", entry.depends_on), ("see", entry.spec)):
        if values:
            yield f"  {title}: {', '.join(values)}"
    if entry.safe_alternative:
        yield f"  safe alternative: {entry.safe_alternative}"
    for check in entry.checks:
        yield from _check(check)


def _window(entry: CatalogueEntry) -> str:
    since = f"since Django {entry.since}" if entry.since else "in every Django"
    return since + (f", no longer in {entry.until}" if entry.until else "")


def _check(check: Check) -> Iterator[str]:
    yield f"  check {check.name}: {', '.join(check.oracles)}"
    if check.must_observe:
        yield f"    must observe: {', '.join(check.must_observe)}"
    for kill in check.kills:
        yield f"    kills: {kill.defect} ({kill.verdict})"


def _claim(claim: Claim, catalogue: Catalogue) -> Iterator[str]:
    yield click.style(claim.id, bold=True) + f"  {claim.says}"
    yield f"  predicts: {' or '.join(claim.predicts)}"
    for cell in catalogue.cells_of(claim):
        yield f"  measured by {cell}"

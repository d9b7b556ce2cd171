"""`schema`: the JSON Schema of a file format."""

from __future__ import annotations

import json

import click

from conformance.catalogue import catalogue_schema
from conformance.expectations import expectations_schema
from conformance.results import matrix_schema, results_schema

_SCHEMAS = {
    "results": results_schema,
    "matrix": matrix_schema,
    "catalogue": catalogue_schema,
    "expectations": expectations_schema,
}


@click.command(short_help="Print the JSON Schema of a file format.")
@click.argument("name", type=click.Choice(sorted(_SCHEMAS)), default="results")
def schema(name: str) -> None:
    """Print the JSON Schema of a result line (default), a matrix's plan, a catalogue or an expectations file."""
    click.echo(json.dumps(_SCHEMAS[name](), indent=2, ensure_ascii=False))

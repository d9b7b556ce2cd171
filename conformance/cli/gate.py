"""`gate`: do results conform to the expectations?"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import click

from conformance.case import ExitCode
from conformance.catalogue import load_catalogue
from conformance.cli.options import DEFAULT_FOLDER, catalogue_option, read_all
from conformance.cli.verdicts import print_gate
from conformance.expectations import Expectations, load_expectations
from conformance.gate import judge


@click.command(short_help="Judge results: the exit code says whether they conform.")
@click.argument("results", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--expectations", type=click.Path(path_type=Path), metavar="FILE", help="What is known not to conform, as TOML."
)
@catalogue_option
def gate(results: tuple[Path, ...], expectations: Path | None, catalogue_folder: Path | None) -> ExitCode:
    """Judge RESULTS (files or folders; default: conformance-results).

    Exit codes: 0 conforms, 10 regression, 11 stale or unmatched expectation, 12 incomplete, 13 setup or harness
    error, 14 unregistered flake, 64 usage, 65 invalid input.
    """
    known = load_expectations(expectations) if expectations else Expectations()
    measured = read_all(results or (DEFAULT_FOLDER,))
    verdict = judge(measured, load_catalogue(catalogue_folder), known, datetime.now(timezone.utc).date())
    print_gate(verdict)
    return verdict.code

"""`expect`: write expectations, and keep them true."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timezone
from pathlib import Path

import click

from conformance.case import ExitCode, combine
from conformance.catalogue import load_catalogue
from conformance.cli.options import DEFAULT_FOLDER, catalogue_option, read_all
from conformance.cli.verdicts import print_findings
from conformance.expectations import Expectations, load_expectations
from conformance.gate import Edit, Suggestions, lint, outdated, suggest, unfinished
from conformance.gate.edit import ExpectationsFile

_FILE = Path("expectations.toml")
_results = click.argument("results", nargs=-1, type=click.Path(path_type=Path))
_expectations = click.option(
    "--expectations",
    "path",
    type=click.Path(path_type=Path),
    default=_FILE,
    show_default=True,
    metavar="FILE",
    help="The file that is meant.",
)


@click.group(short_help="Write what is known not to conform, and keep it true.")
def expect() -> None:
    """Write a file of expectations, keep it true, and see what is wrong with it."""


@expect.command(short_help="Write a rule for all that does not conform.")
@_results
@click.option(
    "--output", type=click.Path(path_type=Path), default=_FILE, show_default=True, metavar="FILE", help="A new file."
)
@catalogue_option
def init(results: tuple[Path, ...], output: Path, catalogue_folder: Path | None) -> ExitCode:
    """Write an expectation for all that does not conform in RESULTS (files or folders; default: conformance-results).

    Each is marked `todo`: its reason and its issue are to be filled in.
    """
    file = ExpectationsFile.new(output)
    found = suggest(read_all(results or (DEFAULT_FOLDER,)), load_catalogue(catalogue_folder), Expectations(), _today())
    _add(file, found)
    file.write()
    then = "each to be given its reason and its issue" if found.rules else "there is nothing to expect"
    click.echo(f"{output}: {_number(len(found.rules), 'rule')}, {then}")
    return _inexcusable(found)


@expect.command(short_help="Drop what is no longer true, and pin what failed.")
@_results
@_expectations
@click.option("--add", is_flag=True, help="Add a rule, marked todo, for all that is not expected yet.")
@catalogue_option
def update(results: tuple[Path, ...], path: Path, add: bool, catalogue_folder: Path | None) -> ExitCode:
    """Drop what is no longer true in RESULTS, and pin the examples that failed.

    A rule whose cells all conform goes; one of which some checks conform keeps the others. Comments stay.
    """
    catalogue, known = load_catalogue(catalogue_folder), load_expectations(path)
    measured = read_all(results or (DEFAULT_FOLDER,))
    edits = outdated(measured, catalogue, known, _today())
    file = ExpectationsFile(path)
    _apply(file, edits, known)
    found = suggest(measured, catalogue, known, _today()) if add else Suggestions((), ())
    _add(file, found)
    if found.rules or any(edit.action != "say" for edit in edits):
        file.write()
    for edit in edits:
        click.echo(f"{_WORDS[edit.action]} {edit.rule.place}: {edit.why}")
    click.echo(_changed(edits, found))
    return _inexcusable(found)


@expect.command(name="lint", short_help="Name what is wrong with the rules.")
@_results
@_expectations
@catalogue_option
def lint_command(results: tuple[Path, ...], path: Path, catalogue_folder: Path | None) -> ExitCode:
    """Name what is wrong with the rules: about nothing, expired, never true, or two about one cell.

    With RESULTS (files or folders) also those that do nothing there. Exit codes: 0 nothing, 11 a rule to correct, 65
    invalid.
    """
    known = load_expectations(path)
    measured = read_all(results) if results else None
    findings = lint(load_catalogue(catalogue_folder), known, _today(), measured)
    print_findings(findings)
    for place in unfinished(known):
        click.echo(f"todo: {place} has no reason or no issue yet")
    click.echo(f"{path}: {_number(sum(1 for _ in known), 'rule')}, {_number(len(findings), 'problem')}")
    return combine(finding.code for finding in findings)


_WORDS = {"drop": "dropped", "narrow": "narrowed", "pin": "pinned an example of", "say": "left"}


def _today() -> date:
    return datetime.now(timezone.utc).date()


def _add(file: ExpectationsFile, found: Suggestions) -> None:
    for rule in found.rules:
        file.add(rule.kind, rule.fields)


def _apply(file: ExpectationsFile, edits: Sequence[Edit], known: Expectations) -> None:
    numbers = {
        rule.place: number
        for rules in (known.expect, known.flaky, known.quarantine)
        for number, rule in enumerate(rules)
    }
    for edit in edits:
        if edit.action == "narrow":
            file.set(edit.rule, numbers[edit.rule.place], "checks", edit.checks)
        if edit.action == "pin":
            file.set(edit.rule, numbers[edit.rule.place], "examples", edit.examples)
    file.drop([(edit.rule, numbers[edit.rule.place]) for edit in edits if edit.action == "drop"])


def _changed(edits: Sequence[Edit], found: Suggestions) -> str:
    counts = {name: sum(edit.action == name for edit in edits) for name in ("drop", "narrow", "pin")}
    return (
        f"{_number(counts['drop'], 'rule')} dropped, {counts['narrow']} narrowed, "
        f"{_number(counts['pin'], 'example')} pinned, {_number(len(found.rules), 'rule')} added"
    )


def _inexcusable(found: Suggestions) -> ExitCode:
    """What no expectation excuses is the answer of the gate too."""
    if found.inexcusable:
        click.echo("what no expectation excuses:")
        print_findings(found.inexcusable)
    return combine(finding.code for finding in found.inexcusable)


def _number(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")

"""Print what the gate found: the same plain lines on a terminal and in a file, coloured where there are colours."""

from __future__ import annotations

from collections.abc import Sequence

import click

from conformance.case import PRECEDENCE, Cell, ExitCode, Failure, Verdict
from conformance.gate import WORDS, Finding, GateResult, NoteGroup, grouped_notes
from conformance.telling import failure_lines

# Of one code, in one environment; the rest is counted. An interrupted run may miss thousands of cells.
MOST = 20
# Of those, so many with what went wrong: the code, the rows and the difference.
MOST_TOLD = 5
# Of one reason not to gate, so many cells are named, on one line.
MOST_NAMED = 6
_TOLD = (ExitCode.REGRESSION, ExitCode.FLAKE)
_COLOURS = {"- ": "red", "+ ": "green"}


def print_findings(findings: Sequence[Finding]) -> None:
    """Findings by code and environment, the weightiest code first."""
    for code in sorted({finding.code for finding in findings}, key=PRECEDENCE.index):
        _print_group(f"{code.value} {WORDS[code]}", [item for item in findings if item.code is code], "red")


def print_gate(result: GateResult) -> None:
    """Every finding, by code and environment; then what does not gate, the counts, and every code that applies."""
    print_findings(result.findings)
    if result.notes:
        click.secho("not gating, by reason:", fg="cyan", bold=True)
        _print_notes(grouped_notes(result.notes))
        click.echo(f"{len(result.findings)} to correct, and {len(result.notes)} that do not gate")
    click.echo(f"verdicts of {result.planned} cells: {_counts(result)}")
    click.secho(
        "exit " + ", also ".join(f"{code.value} ({WORDS[code]})" for code in result.codes),
        fg="red" if result.findings else "green",
        bold=True,
    )


def print_failure(failure: Failure, cell: Cell, indent: str, before: Failure | None = None) -> None:
    """The code, the rows and the difference of a cell's failure, below its message; not again what stands before."""
    for line in failure_lines(failure, str(cell), before):
        click.echo(click.style(f"{indent}{line}".rstrip(), fg=_COLOURS.get(line[:2])))


def _print_group(title: str, findings: list[Finding], colour: str) -> None:
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(str(finding.environment or "expectations"), []).append(finding)
    for place, group in groups.items():
        click.secho(f"{title}: {place}", fg=colour, bold=True)
        before = None
        for number, finding in enumerate(group[:MOST]):
            click.echo(f"  {finding.message}")
            if finding.failure and finding.cell and finding.code in _TOLD and number < MOST_TOLD:
                print_failure(finding.failure, finding.cell, "      ", before)
                before = finding.failure
        if len(group) > MOST:
            click.echo(f"  … and {len(group) - MOST} more")


def _print_notes(groups: Sequence[NoteGroup]) -> None:
    for group in groups[:MOST]:
        named, cells = group.cells[:MOST_NAMED], len(group.cells)
        click.echo(f"  {group.why}:")
        click.echo(f"      {', '.join(named)}{f' and {cells - MOST_NAMED} more cells' * (cells > MOST_NAMED)}")
    if len(groups) > MOST:
        click.echo(f"  … and for {len(groups) - MOST} more reasons")


def _counts(result: GateResult) -> str:
    names = sorted(result.counts, key=lambda name: Verdict(name, attempts=int(name == "flaky")).rank)
    return ", ".join(f"{name} {result.counts[name]}" for name in names) or "none"

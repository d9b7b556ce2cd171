"""Print what the gate found: the same plain lines on a terminal and in a file, coloured where there are colours."""

from __future__ import annotations

from collections.abc import Sequence

import click

from conformance.case import PRECEDENCE, Verdict
from conformance.gate import WORDS, Finding, GateResult

# Of one code, in one environment; the rest is counted. An interrupted run may miss thousands of cells.
MOST = 20


def print_findings(findings: Sequence[Finding]) -> None:
    """Findings by code and environment, the weightiest code first."""
    for code in sorted({finding.code for finding in findings}, key=PRECEDENCE.index):
        _print_group(f"{code.value} {WORDS[code]}", [item for item in findings if item.code is code], "red")


def print_gate(result: GateResult) -> None:
    """Every finding, by code and environment; then what does not gate, the counts, and every code that applies."""
    print_findings(result.findings)
    _print_group("not gating", list(result.notes), "cyan")
    if result.notes:
        click.echo(f"{len(result.findings)} to correct, and {len(result.notes)} that do not gate, each with its reason")
    click.echo(f"verdicts of {result.planned} cells: {_counts(result)}")
    click.secho(
        "exit " + ", also ".join(f"{code.value} ({WORDS[code]})" for code in result.codes),
        fg="red" if result.findings else "green",
        bold=True,
    )


def _print_group(title: str, findings: list[Finding], colour: str) -> None:
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(str(finding.environment or "expectations"), []).append(finding)
    for place, group in groups.items():
        click.secho(f"{title}: {place}", fg=colour, bold=True)
        for finding in group[:MOST]:
            click.echo(f"  {finding.message}")
        if len(group) > MOST:
            click.echo(f"  … and {len(group) - MOST} more")


def _counts(result: GateResult) -> str:
    names = sorted(result.counts, key=lambda name: Verdict(name, attempts=int(name == "flaky")).rank)
    return ", ".join(f"{name} {result.counts[name]}" for name in names) or "none"

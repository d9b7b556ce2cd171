"""`doctor`: what can be measured on this machine."""

from __future__ import annotations

import click

from conformance.case import ExitCode
from conformance.matrix import DEFAULT_SERIES
from conformance.runner.probes import Machine, Probe, probe


@click.command(short_help="Say what can be measured on this machine, and what cannot.")
def doctor() -> ExitCode:
    """Say for each axis what can be measured on this machine, and why not otherwise.

    Exit codes: 0 if `matrix` can measure its default versions at least on SQLite, 13 if it cannot.
    """
    found = []
    for each in probe(Machine()):
        found.append(each)
        mark = click.style("yes", fg="green") if each.found else click.style("no ", fg="yellow")
        click.echo(f"{each.axis:<9}{each.name:<12}{mark}  {each.said}")
    lacking = [f"{each.axis} {each.name}" for each in found if not each.found and _is_needed(each)]
    if not lacking:
        return ExitCode.CONFORMS
    click.secho(f"`matrix` cannot measure all of its default versions: it lacks {', '.join(lacking)}", fg="red")
    return ExitCode.HARNESS


def _is_needed(probe: Probe) -> bool:
    return probe.axis == "packages" or (probe.axis == "Django" and probe.name in DEFAULT_SERIES)

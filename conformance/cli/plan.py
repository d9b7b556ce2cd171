"""`plan`: the same matrix for a CI's own machines."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from conformance.catalogue import load_catalogue
from conformance.cli.choosing import choosing_options, chosen_columns
from conformance.cli.gitlab import gitlab_pipeline
from conformance.cli.options import only_option
from conformance.matrix import Plan, planned_parts
from conformance.runner import PROFILES

_MOST_OF_GITHUB = 256


@click.command(short_help="Print the matrix in parts, for a CI to start them.")
@choosing_options
@click.option("--shards", type=click.IntRange(min=1), default=1, show_default=True, help="Machines for each column.")
@only_option
@click.option("--profile", type=click.Choice(tuple(PROFILES)), default="ci", show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--format", "kind", type=click.Choice(["github", "gitlab", "json"]), default="json", show_default=True)
@click.option("--expectations", metavar="FILE", help="With --format gitlab: what the last job judges with.")
def plan(
    versions: tuple[str, ...],
    asgirefs: tuple[str, ...],
    databases: tuple[str, ...],
    full: bool,
    shards: int,
    only: tuple[str, ...],
    profile: str,
    seed: int,
    kind: str,
    expectations: str | None,
) -> None:
    """Print the matrix in parts, one a machine: what each is told, for a CI to start them.

    `json` is what `merge --plan` takes; `github` is the value of a job's `strategy.matrix`; `gitlab` is a child
    pipeline that measures, merges and judges.
    """
    catalogue = load_catalogue()
    catalogue.select(only)
    columns = chosen_columns(versions, asgirefs, databases, full=full)
    made = planned_parts(columns, shards, catalogue=catalogue.hash, only=only, profile=profile, seed=seed)
    writers: dict[str, Callable[[], Any]] = {
        "json": made.as_dict,
        "github": lambda: _github(made),
        "gitlab": lambda: gitlab_pipeline(made, expectations),
    }
    # GitHub reads its outputs line by line.
    click.echo(json.dumps(writers[kind](), indent=None if kind == "github" else 2))


def _github(plan: Plan) -> dict[str, Any]:
    if len(plan.parts) > _MOST_OF_GITHUB:
        raise click.UsageError(
            f"GitHub starts {_MOST_OF_GITHUB} jobs of a matrix at most, and these are {len(plan.parts)}: "
            "name fewer columns, or fewer --shards."
        )
    include = [
        {"part": part.name, "python": part.python, "database": part.vendor, "arguments": part.arguments}
        for part in plan.parts
    ]
    return {"include": include}

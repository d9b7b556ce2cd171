"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from conformance.results import Results, read_folder
from conformance.runner import PROFILES, cache_folder

DEFAULT_FOLDER = Path("conformance-results")

catalogue_option = click.option(
    "--catalogue",
    "catalogue_folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Another catalogue than the one that comes with the suite.",
)

only_option = click.option(
    "--only",
    multiple=True,
    metavar="ID",
    help="An entry (queryset.acount), a cell (queryset.acount:sql) or an area (queryset). "
    "May be given several times. Default: everything.",
)
environments_option = click.option(
    "--environments",
    type=click.Path(path_type=Path),
    default=lambda: cache_folder() / "environments",
    metavar="FOLDER",
    help="Where the virtual environments are kept. Default: the user's cache folder.",
)
_SAMPLING = (
    click.option(
        "--profile",
        type=click.Choice(tuple(PROFILES)),
        default="ci",
        show_default=True,
        help="How many examples are generated for each check: "
        + ", ".join(f"{profile.name} {profile.examples}" for profile in PROFILES.values())
        + ".",
    ),
    click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same examples."),
    click.option(
        "--results",
        type=click.Path(path_type=Path),
        default=DEFAULT_FOLDER,
        show_default=True,
        metavar="FOLDER",
        help="Where results are kept. What an earlier run measured there is not measured again.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="When to stop a check that does not end. Default: by profile, "
        + ", ".join(f"{profile.name} {profile.cell_timeout:.0f}" for profile in PROFILES.values())
        + ".",
    ),
)


def measuring_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every command that measures can be told: `only`, `profile`, `seed`, `results` and `timeout`."""
    return only_option(sampling_options(command))


def sampling_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a command that is given its cells as arguments: `profile`, `seed`, `results` and `timeout`."""
    for option in reversed(_SAMPLING):
        command = option(command)
    return command


def read_all(paths: Iterable[Path]) -> list[Results]:
    """The results of every file and folder, each file once."""
    found = (results for path in paths for results in read_folder(path))
    return list({Path(results.source).resolve(): results for results in found}.values())

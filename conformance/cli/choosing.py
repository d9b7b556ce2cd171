"""Which columns a matrix has: the same options for the command that measures them and for the one that plans them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from conformance.matrix import DATABASES, DEFAULT_SERIES, Column, columns_of, full_columns

_OPTIONS = (
    click.option(
        "--django",
        "versions",
        multiple=True,
        metavar="VERSION",
        help="A series (its newest release), a version, or `pre` (the newest pre-release). May be given several times. "
        f"Default: {', '.join(DEFAULT_SERIES)}.",
    ),
    click.option(
        "--asgiref",
        "asgirefs",
        multiple=True,
        metavar="VERSION",
        help="A minor (its newest release) or a version. May be given several times. Default: the newest that the "
        "Django accepts.",
    ),
    click.option(
        "--database",
        "databases",
        multiple=True,
        type=click.Choice(tuple(DATABASES)),
        help="May be given several times. Default: SQLite, PostgreSQL and MariaDB, where they answer.",
    ),
    click.option(
        "--full",
        is_flag=True,
        help="Every series of Django on every database, every way to a database on the newest, and every minor of "
        "asgiref.",
    ),
)


def choosing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which columns are wanted: `versions`, `asgirefs`, `databases` and `full`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def chosen_columns(
    versions: tuple[str, ...], asgirefs: tuple[str, ...], databases: tuple[str, ...], *, full: bool
) -> tuple[Column, ...]:
    """The columns that the options name. Raises `UsageError`, and `SuiteError` (usage) for what is no version."""
    if full and (versions or asgirefs or databases):
        raise click.UsageError("--full is everything: give it without --django, --asgiref and --database.")
    return full_columns() if full else columns_of(versions, asgirefs, databases)

"""Arguments of assertions: each is checked as early as what it names is known."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import get_args

from pytest_async_orm.messages import arguments as messages
from pytest_async_orm.records import Kind

KINDS: tuple[str, ...] = get_args(Kind)


def check_number(num: object) -> None:
    """Raises TypeError or ValueError for what is no number of queries."""
    if isinstance(num, bool) or not isinstance(num, int):
        raise TypeError(f"the number of queries is {num!r}: give an integer, such as 3.")
    if num < 0:
        raise ValueError(f"the number of queries is {num}: it cannot be below 0.")


def check_threshold(threshold: object) -> None:
    """Raises TypeError or ValueError for what is no number of times."""
    if isinstance(threshold, bool) or not isinstance(threshold, int):
        raise TypeError(f"threshold is {threshold!r}: give a number of times, such as 2.")
    if threshold < 1:
        raise ValueError(f"threshold is {threshold}: it cannot be below 1.")


def check_milliseconds(milliseconds: object) -> None:
    """Raises TypeError or ValueError for what is no time."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, (int, float)):
        raise TypeError(f"milliseconds is {milliseconds!r}: give a number, such as 50.")
    if not milliseconds >= 0:
        raise ValueError(f"milliseconds is {milliseconds}: it cannot be below 0.")


def check_seconds(name: str, seconds: object) -> None:
    """Raises TypeError or ValueError for what is no time."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"{name} is {seconds!r}: give a number of seconds, such as 0.5.")
    # Not-a-number is no time either, and nobody waits for ever.
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"{name} is {seconds}: give a number of seconds that is not below 0, such as 0.5.")


def check_name(name: str, value: object) -> None:
    """Raises TypeError for what is no text."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}: give a text.")


def check_kind(kind: object) -> None:
    """Raises ValueError for a kind that there is not."""
    if kind is not None and kind not in KINDS:
        raise ValueError(messages.unknown("kind", kind, KINDS))


def check_alias(using: object, name: str = "using") -> None:
    """Raises ValueError for an alias that the settings do not have."""
    from django.db import connections

    known = list(connections.settings)
    if using is not None and using not in known:
        raise ValueError(messages.unknown(name, using, known))


def check_alias_early(using: object) -> None:
    """The same where the settings are known already, as in the body of a test; else it is checked once they are."""
    configuration = sys.modules.get("django.conf")
    if configuration is not None and configuration.settings.configured:
        check_alias(using)


def listed_aliases(given: object) -> list[str]:
    """Aliases as a list. Raises TypeError for what is none, ValueError for one that the settings do not have."""
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise TypeError(f"aliases is {given!r}: give a list of aliases, such as ['default'].")
    found = list(given)
    for alias in found:
        check_alias("" if alias is None else alias, "aliases")
    return found


def check_text_of_table(table: object) -> None:
    """Raises TypeError for what is no name of a table."""
    if table is not None and not isinstance(table, str):
        raise TypeError(f"table is {table!r}: give the name of a table, such as 'auth_user'.")


def check_table(table: str) -> None:
    """Raises ValueError for a table that no model has: asked for once no statement named it."""
    from django.apps import apps

    if not apps.models_ready:
        return
    models = apps.get_models(include_auto_created=True, include_swapped=True)
    # Without schema and quotes, as `tables_of` gives them.
    known = {str(model._meta.db_table).rpartition(".")[2].strip('"`') for model in models} | {"django_migrations"}
    if table not in known:
        raise ValueError(messages.unknown_table(table, known))

"""Private names of pytest and pytest-django. Nothing is imported here: every session reads this module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

HELPER = "_django_db_helper"
"""pytest-django's fixture that opens a test's transaction: seen in 4.9 to 4.14."""


def fixture_functions(item: Any) -> list[Callable[..., Any]]:
    """The functions of all fixtures that a test uses: pytest's own record of them, seen in pytest 8.2 to 9.2."""
    info = getattr(item, "_fixtureinfo", None)
    return [definition.func for found in getattr(info, "name2fixturedefs", {}).values() for definition in found]


def arguments_of_mark(marker: Any) -> tuple[Any, ...]:
    """The arguments of a `django_db` mark by pytest-django's own rules: transaction, reset_sequences, databases, …

    `validate_django_db` has no underscore and is not documented; seen in 4.9 to 4.14.
    """
    from pytest_django.fixtures import validate_django_db

    return tuple(validate_django_db(marker))

"""Private names of pytest and pytest-django. Nothing is imported here: every session reads this module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

HELPER = "_django_db_helper"
"""pytest-django's fixture that opens a test's transaction: seen in 4.9 to 4.14."""

FOR_UNITTEST = "_django_setup_unittest"
"""pytest-django's fixture of every class, which does nothing for a function outside of one: seen in 4.9 to 4.14."""


def fixtures_of(item: Any) -> Mapping[str, Sequence[Any]]:
    """The definitions of all fixtures that a test uses, by name, an override after what it overrides: pytest's own
    record of them, seen in pytest 8.2 to 9.2.
    """
    found: Mapping[str, Sequence[Any]] = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    return found


def arguments_of_mark(marker: Any) -> tuple[Any, ...]:
    """The arguments of a `django_db` mark by pytest-django's own rules: transaction, reset_sequences, databases, …

    `validate_django_db` has no underscore and is not documented; seen in 4.9 to 4.14.
    """
    from pytest_django.fixtures import validate_django_db

    return tuple(validate_django_db(marker))

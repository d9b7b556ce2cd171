"""The plugin's markers, and what they and a test's own shape say of its isolation."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from pytest_async_orm.messages.leaks import bad_marker
from pytest_async_orm.options import Mode, parse_mode, sandbox_mode

_SANDBOX_LINE = (
    "async_orm_sandbox(mode): isolate this test's database on every thread if it is async ('async'), always ('all') "
    "or never "
    "('off'), whatever the option says"
)
_LEAKS_LINE = "allow_connection_leaks(reason): this test may leave connections open, for a reason that the report shows"
EXPLICIT_FIXTURE = "async_db"


def register_markers(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _SANDBOX_LINE)
    config.addinivalue_line("markers", _LEAKS_LINE)


def mode_for(item: pytest.Item) -> Mode:
    """The mode of one test: its marker, else the option."""
    marker = item.get_closest_marker("async_orm_sandbox")
    return sandbox_mode(item.config) if marker is None else _marked_mode(marker, item.nodeid)


def _marked_mode(marker: pytest.Mark, nodeid: str) -> Mode:
    def signature(mode: object) -> object:
        return mode

    try:
        value = signature(*marker.args, **marker.kwargs)
    except TypeError:
        given = ", ".join([*map(repr, marker.args), *(f"{name}={value!r}" for name, value in marker.kwargs.items())])
        raise pytest.UsageError(
            f"{nodeid}: async_orm_sandbox({given}) takes exactly one mode, such as "
            f"@pytest.mark.async_orm_sandbox('off')."
        ) from None
    return parse_mode(value, f"{nodeid}: the mode of the marker async_orm_sandbox")


def allowed_leaks(item: pytest.Item) -> str | None:
    """Why a test may leave connections open; None if it may not."""
    marker = item.get_closest_marker("allow_connection_leaks")
    if marker is None:
        return None
    reason = marker.kwargs.get("reason")
    if marker.args or set(marker.kwargs) != {"reason"} or not isinstance(reason, str) or not reason.strip():
        raise pytest.UsageError(bad_marker(item.nodeid))
    return reason


def wants_sandbox(item: pytest.Item) -> bool:
    marked = item.get_closest_marker("async_orm_sandbox") is not None
    if not marked and EXPLICIT_FIXTURE in getattr(item, "fixturenames", ()):
        return True
    mode = mode_for(item)
    return mode == "all" or (mode == "async" and is_async(item))


def databases_of(item: pytest.Item) -> set[str] | None:
    """The aliases that pytest-django sets up for a test; None for all of them."""
    marker = item.get_closest_marker("django_db")
    if marker is None:
        wanted = getattr(getattr(item, "cls", None), "databases", ())
        fixtures = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
        return None if wanted == "__all__" else {*wanted, *(["default"] if fixtures else [])}
    from pytest_django.fixtures import validate_django_db

    databases = validate_django_db(marker)[2]
    if databases == "__all__":
        return None
    return {"default"} if databases is None else set(databases)


def is_transactional(item: pytest.Item) -> bool:
    """Whether pytest-django gives a test real connections, by its marker or its fixtures."""
    if {"transactional_db", "live_server", "django_db_reset_sequences"} & set(getattr(item, "fixturenames", ())):
        return True
    marker = item.get_closest_marker("django_db")
    if marker is None:
        return False
    from pytest_django.fixtures import validate_django_db

    transaction, reset_sequences, *_ = validate_django_db(marker)
    return transaction or reset_sequences


def is_async(item: pytest.Item) -> bool:
    """Whether a test, or a fixture that it uses, is a coroutine function: then its database work leaves the main
    thread.
    """
    return is_async_function(getattr(item, "obj", None)) or any(map(is_async_function, _fixture_functions(item)))


def _fixture_functions(item: pytest.Item) -> list[Callable[..., Any]]:
    # pytest's own record of a test's fixtures; private, seen in pytest 8.2 to 9.2, pinned by a test.
    info = getattr(item, "_fixtureinfo", None)
    return [definition.func for found in getattr(info, "name2fixturedefs", {}).values() for definition in found]


def is_async_function(function: Any) -> bool:
    # Hypothesis keeps the test that it wraps here.
    inner = getattr(getattr(function, "hypothesis", None), "inner_test", function)
    inner = inspect.unwrap(inner) if callable(inner) else inner
    return inspect.iscoroutinefunction(inner) or inspect.isasyncgenfunction(inner)

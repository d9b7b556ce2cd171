"""What a test asks for, by its markers, its fixtures and its own shape."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from pytest_async_orm.markers import mode_for
from pytest_async_orm.patches.pytest_names import arguments_of_mark, fixture_functions

EXPLICIT_FIXTURE = "async_db"


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
    databases = arguments_of_mark(marker)[2]
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
    transaction, reset_sequences, *_ = arguments_of_mark(marker)
    return bool(transaction or reset_sequences)


def is_async(item: pytest.Item) -> bool:
    """Whether a test, or a fixture that it uses, is a coroutine function: then its database work leaves the main
    thread.
    """
    return is_async_function(getattr(item, "obj", None)) or any(map(is_async_function, fixture_functions(item)))


def is_async_function(function: Any) -> bool:
    # Hypothesis keeps the test that it wraps here.
    inner = getattr(getattr(function, "hypothesis", None), "inner_test", function)
    inner = inspect.unwrap(inner) if callable(inner) else inner
    return inspect.iscoroutinefunction(inner) or inspect.isasyncgenfunction(inner)

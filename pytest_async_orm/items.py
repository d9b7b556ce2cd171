"""What a test asks for, by its markers, its fixtures and its own shape."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from types import MethodType
from typing import Any
from weakref import ref

import pytest

from pytest_async_orm.markers import closest
from pytest_async_orm.options import Mode
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.patches.pytest_names import HELPER, arguments_of_mark, fixtures_of

EXPLICIT_FIXTURE = "async_db"
SCOPE_FIXTURES = frozenset({"class_db", "module_db", "session_db"})
_DATABASE_FIXTURES = SCOPE_FIXTURES | {HELPER, "live_server"}


def wants_sandbox(item: pytest.Item, mode: Mode) -> bool:
    """Whether a test of a mode is isolated: by its marker, its fixtures, or the mode."""
    if EXPLICIT_FIXTURE in getattr(item, "fixturenames", ()) and closest(item, "async_orm_sandbox") is None:
        return True
    return mode == "all" or (mode == "async" and is_async(item))


def asks_for_sandbox(item: pytest.Item) -> bool:
    """Whether a test itself asks to be isolated, by its marker or a fixture."""
    return EXPLICIT_FIXTURE in getattr(item, "fixturenames", ()) or closest(item, "async_orm_sandbox") is not None


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


def is_transaction_test_case(kind: Any) -> bool:
    """Whether a class is a `TransactionTestCase` of Django's and no `TestCase`: that sets itself up."""
    django = sys.modules.get("django.test")
    if django is None or not isinstance(kind, type):
        return False
    return issubclass(kind, django.TransactionTestCase) and not issubclass(kind, django.TestCase)


def is_async(item: pytest.Item) -> bool:
    """Whether a test, or a fixture with a database that it uses, is a coroutine function: then its database work leaves
    the main thread.
    """
    if is_async_function(getattr(item, "obj", None)):
        return True
    fixtures = fixtures_of(item)
    known = PROCESS.sync_fixtures
    for one in chain.from_iterable(fixtures.values()):
        # Plugins put another function in its place for a while.
        if known.get(one) is one.func:
            continue
        if not is_async_function(one.func):
            known[one] = one.func
        elif _reaches_database(one.argnames, fixtures):
            return True
    return False


def _reaches_database(names: Iterable[str], fixtures: Mapping[str, Sequence[Any]]) -> bool:
    """Whether fixtures of these names, or what they ask for, are a database."""
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in _DATABASE_FIXTURES:
            return True
        if name not in seen:
            seen.add(name)
            waiting += [asked for definition in fixtures.get(name, ()) for asked in definition.argnames]
    return False


def is_of(fixturedef: Any, package: str) -> bool:
    """Whether a fixture is a package's own, and no project's that has its name."""
    return str(getattr(fixturedef.func, "__module__", "")).partition(".")[0] == package


def is_anyios(item: pytest.Item) -> bool:
    """Whether anyio runs a test: pytest-asyncio, if the item is of its kind, comes first."""
    if "anyio_backend" not in getattr(item, "fixturenames", ()):
        return False
    return not any(kind.__module__.startswith("pytest_asyncio") for kind in type(item).__mro__)


def is_async_function(function: Any) -> bool:
    """Whether a function is a coroutine function or makes an async generator, beneath whatever wraps it.

    Every test asks it of all of its fixtures: the answer is remembered for as long as the function is there. It is that
    of the first time: anyio and pytest-asyncio put a sync function inside of one that Hypothesis has made.
    """
    if isinstance(function, MethodType):
        # Another object each time that it is asked for.
        function = function.__func__
    known = PROCESS.async_functions
    try:
        found = known.get(ref(function))
    except TypeError:
        return _examine(function)
    if found is None:
        found = known[ref(function, partial(_forget, known))] = _examine(function)
    return found


def _forget(known: dict[ref[Any], bool], key: ref[Any]) -> None:
    known.pop(key, None)


def _examine(function: Any) -> bool:
    # Hypothesis keeps the test that it wraps here.
    inner = getattr(getattr(function, "hypothesis", None), "inner_test", function)
    inner = inspect.unwrap(inner) if callable(inner) else inner
    return inspect.iscoroutinefunction(inner) or inspect.isasyncgenfunction(inner)

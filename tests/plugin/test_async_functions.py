"""Which functions are asynchronous, and that what is remembered of one is never taken for another."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest

from pytest_async_orm.items import is_async_function
from pytest_async_orm.patches.process import PROCESS


async def coroutine() -> None:
    """An async function."""


async def generator() -> Any:
    """An async generator."""
    yield


def plain() -> None:
    """A sync function."""


class Case:
    """Methods, each of which is another object at each look."""

    async def asynchronous(self) -> None:
        """An async method."""

    def synchronous(self) -> None:
        """A sync method."""


def wrapped(function: Any) -> Any:
    """What a plugin of event loops puts in a function's place."""

    @wraps(function)
    def run() -> None:
        """Would run a loop."""

    return run


@pytest.mark.parametrize("function", [coroutine, generator, wrapped(coroutine), Case().asynchronous])
def test_async_functions(function: Any) -> None:
    """What is asynchronous is so at the second look too, also as the method of another instance."""
    assert is_async_function(function)
    assert is_async_function(function)
    assert is_async_function(Case().asynchronous)


@pytest.mark.parametrize("function", [plain, wrapped(plain), Case().synchronous, None, 3, len, threading.local()])
def test_other_functions(function: Any) -> None:
    """And what is not is not, whatever it is."""
    assert not is_async_function(function)
    assert not is_async_function(function)
    assert not is_async_function(Case().synchronous)


def replaced_in_hypothesis(first: Any, second: Any) -> list[bool]:
    """What is answered of a function that Hypothesis has made, before and after its inner test is replaced."""

    def made() -> None:
        """Runs the inner test many times."""

    made.hypothesis = type("Handle", (), {"inner_test": staticmethod(first)})()  # type: ignore[attr-defined]
    before = is_async_function(made)
    made.hypothesis.inner_test = second  # type: ignore[attr-defined]
    return [before, is_async_function(made)]


def test_the_inner_test_of_hypothesis() -> None:
    """anyio puts a sync function inside, by which later parameters of the same function would seem to be sync."""
    assert replaced_in_hypothesis(coroutine, plain) == [True, True]
    assert replaced_in_hypothesis(plain, plain) == [False, False]


def test_what_is_remembered_of_functions_goes_with_them() -> None:
    """A function that is made anew in each test does not stay, and another at its address is examined again."""
    before = len(PROCESS.async_functions)

    def made(number: int) -> Callable[[], Any]:
        return eval("lambda: None") if number % 2 else wrapped(eval("coroutine"))

    assert [is_async_function(made(number)) for number in range(50)] == [number % 2 == 0 for number in range(50)]
    gc.collect()
    assert len(PROCESS.async_functions) <= before


STALE = """
def routed(): return hasattr(connections["default"], "lease")

@pytest.fixture
def value(db): return routed()

@pytest.fixture(params=["first", "second"])
def parameter(request): return request.param

def test_before(value): assert not value and not routed()

class TestOverridden:
    @pytest.fixture
    async def value(self, db): return await sync_to_async(routed)()
    def test_overridden(self, value, parameter): assert value and routed()

def test_after(value, parameter): assert not value and not routed()

@pytest.mark.parametrize("value", [1, 2])
def test_no_fixture(value, db): assert not routed()

class TestSame:
    def test_same(self, db): raise AssertionError("another takes its place")
    async def test_other(self, db): assert await sync_to_async(routed)()
"""
REPLACING = """
import asyncio
from functools import wraps

def pytest_itemcollected(item):
    if item.name == "test_same":
        original = item.cls.test_other
        @wraps(original)
        def run(self, db):
            asyncio.run(original(self, db))
        item.obj = run.__get__(item.obj.__self__)
"""


def test_overridden_parametrized_and_replaced(run: Any, pytester: pytest.Pytester) -> None:
    """Each test is judged by its own function and its own fixtures, whatever bears the same names beside it."""
    pytester.makeconftest(REPLACING)
    run(STALE).assert_outcomes(passed=9)


@pytest.mark.planted
def test_an_answer_by_name_is_caught(run: Any, pytester: pytest.Pytester) -> None:
    """Where what is known of one function is taken for another of its name, the suite fails."""
    pytester.makeconftest(
        """
from pytest_async_orm import items
known, examine = {}, items._examine
def by_name(function):
    return known.setdefault(getattr(function, "__name__", ""), examine(function))
items.is_async_function = by_name
"""
    )
    assert run(STALE).parseoutcomes().get("failed", 0) > 0

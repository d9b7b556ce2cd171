"""What a sync suite pays for, and that what is remembered for its sake is never out of date."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from django.db import connections

from pytest_async_orm.items import is_async_function
from pytest_async_orm.patches.mechanism import Patches, Target
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.sharing.hosting import Host
from pytest_async_orm.sharing.layers import Layers, work_of

# What a session of sync tests imports once there is a database: a guest, a recording, a flush or a leak needs more.
IMPORTED = [
    "clock", "drivers", "drivers.dialect", "drivers.dialects", "drivers.servers", "drivers.statements", "flushing",
    "flushing.replaced", "frames", "frames.context", "frames.handoff", "frames.lines", "frames.source",
    "frames.stacks", "frames.workers", "hooks.environment", "leaks", "leaks.census", "leaks.closes",
    "leaks.closing_ourselves", "leaks.coroutines", "leaks.document", "leaks.generators", "leaks.judgement",
    "leaks.kinds", "leaks.ledger", "leaks.opened_connection", "leaks.pools", "leaks.waiting", "leaks.watching",
    "messages", "messages.environment", "messages.sandbox", "patches.atomics", "patches.executors",
    "patches.handler", "patches.idle", "patches.interpreter", "patches.native", "patches.other_stack",
    "patches.places", "patches.targets", "records", "records.connections", "records.source_line", "sharing",
    "sharing.callbacks", "sharing.ending", "sharing.hosting", "sharing.layers", "sharing.origin", "sharing.real",
    "sharing.routing",
]  # fmt: skip


def test_modules_of_a_sync_suite(run: Any, pytester: pytest.Pytester) -> None:
    """Sync tests with a database import no more modules of the plugin than these and those of every session."""
    from test_wiring import STARTED

    pytester.makeconftest(
        """
import sys
def pytest_unconfigure():
    own = {name.removeprefix("pytest_async_orm.") for name in sys.modules if name.startswith("pytest_async_orm.")}
    print("IMPORTED", *sorted(own))
"""
    )
    result = run("def test_sync(db): Tag.objects.create(name='row')", "-s")
    result.assert_outcomes(passed=1)
    line = next(line for line in result.outlines if "IMPORTED" in line)
    assert set(line.split("IMPORTED")[1].split()) - {*STARTED} <= {*IMPORTED}


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


LATER = Target("json.tool:", "main", "here", "no pin")


def test_modules_that_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target waits for its module; what an inner session has installed or waits for goes with it, not the outer's."""
    import json.tool as module

    before = module.main
    monkeypatch.delitem(sys.modules, "json.tool")
    patches = Patches()
    start = patches.mark()
    patches.install_when_imported(LATER, lambda _: lambda: "replaced")
    patches.install_imported()
    assert not patches.has(LATER)
    inner = patches.mark()
    monkeypatch.setitem(sys.modules, "json.tool", module)
    patches.install_imported()
    assert patches.has(LATER)
    assert module.main() == "replaced"
    patches.remove_since(inner)
    assert module.main is before
    patches.install_imported()
    assert module.main() == "replaced"
    patches.remove_since(start)
    patches.install_imported()
    assert module.main is before


class Asked(Layers):
    """Counts how often it is asked the long way."""

    asked = 0

    def route(self, alias: str) -> Any:
        self.asked += 1
        return super().route(alias)


@pytest.fixture
def asked(db: None, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Layers with a test that keeps its transaction, in the place of the session's."""
    asked = Asked()
    host = Host("test_example.py::test_it", 5)
    host.start([connections["default"]])
    asked.push(host)
    monkeypatch.setattr(PROCESS, "router", asked)
    return asked


def look_up() -> Any:
    """A connection, as Django looks it up."""
    return connections["default"]


def expect_short_ways(asked: Asked) -> None:
    """The short way is taken where it is certain to be right, and nowhere else."""
    host: Any = asked.top
    with work_of(host):
        assert not hasattr(look_up(), "lease")
        assert asked.asked == 0, "at home"
        found: list[Any] = []
        thread = threading.Thread(target=lambda: found.append((look_up(), connections["default"].close())))
        thread.start()
        thread.join()
        assert hasattr(found[0][0], "lease"), "a guest"
        assert asked.asked > 0
    with work_of(None):
        asked.asked = 0
        look_up()
        assert asked.asked == 1, "another context"
    asked.suspend()
    asked.asked = 0
    with work_of(None):
        look_up()
        assert asked.asked == 0, "between tests"
    with work_of(host):
        look_up()
        assert asked.asked == 1, "the work of an earlier test"
    asked.resume()
    asked.pop()


@pytest.mark.async_orm_sandbox("off")
@pytest.mark.allow_connection_leaks(reason="a thread ends where it is")
def test_short_way_of_lookups(asked: Asked) -> None:
    """A sync test and what surrounds it look connections up without being routed; nobody else does."""
    expect_short_ways(asked)


@pytest.mark.planted
@pytest.mark.async_orm_sandbox("off")
@pytest.mark.allow_connection_leaks(reason="a thread ends where it is")
@pytest.mark.parametrize("certain", [True, False])
def test_wrong_ways_are_caught(asked: Asked, monkeypatch: pytest.MonkeyPatch, *, certain: bool) -> None:
    """Where everybody takes the short way, or nobody does, that is noticed."""
    monkeypatch.setattr("pytest_async_orm.sharing.routing._is_at_home", lambda _: certain)
    with pytest.raises((AssertionError, IndexError)):
        expect_short_ways(asked)


@pytest.mark.async_orm_sandbox("off")
@pytest.mark.allow_connection_leaks(reason="a thread ends where it is")
def test_the_own_thread_is_older_than_its_guests(asked: Asked) -> None:
    """What a test does is no guest's work, also where the first guest's thread makes what watches for it."""
    host: Any = asked.top
    found: list[bool] = []

    def come() -> None:
        connections["default"]
        found.append(host._guests.threads.belongs_to_test(host.own_thread))
        connections["default"].close()

    thread = threading.Thread(target=come)
    thread.start()
    thread.join()
    asked.pop()
    assert found == [False]

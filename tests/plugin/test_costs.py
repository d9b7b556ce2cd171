"""What a sync suite pays for, and that what is remembered for its sake is never out of date."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest
from django.db import connections
from django.db.utils import ConnectionHandler

from pytest_async_orm.patches.mechanism import Patches, Target
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.sharing.hosting import Host
from pytest_async_orm.sharing.layers import Layers, work_of

# What a session of sync tests imports once there is a database: a guest, a recording, a flush or a leak needs more.
IMPORTED = [
    "clock", "drivers", "drivers.dialect", "drivers.dialects", "drivers.keys_of_sqlite", "drivers.servers",
    "drivers.statements", "flushing", "flushing.replaced",
    "frames", "frames.context", "frames.handoff", "frames.lines", "frames.receiving", "frames.source",
    "frames.stacks", "frames.workers", "hooks.environment", "leaks", "leaks.census", "leaks.closes",
    "leaks.closing_ourselves", "leaks.coroutines", "leaks.document", "leaks.generators", "leaks.judgement",
    "leaks.kinds", "leaks.ledger", "leaks.opened_connection", "leaks.pools", "leaks.waiting", "leaks.watching",
    "messages", "messages.environment", "messages.sandbox", "patches.atomics", "patches.executors",
    "patches.handler", "patches.idle", "patches.interpreter", "patches.native", "patches.other_stack",
    "patches.places", "patches.targets", "records", "records.connections", "records.source_line", "sharing",
    "sharing.by_hand", "sharing.callbacks", "sharing.ending", "sharing.hosting", "sharing.layers", "sharing.origin",
    "sharing.real", "sharing.routing",
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
    installed: Any = ConnectionHandler.__getitem__

    def look_up_wrongly(handler: Any, alias: str) -> Any:
        if certain:
            return installed.__wrapped__(handler, alias)
        asked.route(alias)
        return installed(handler, alias)

    monkeypatch.setattr(ConnectionHandler, "__getitem__", look_up_wrongly)
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

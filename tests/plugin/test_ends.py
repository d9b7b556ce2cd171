"""The end of a sandbox against whatever its threads are about to do: the runs of `ends`, and that they catch faults."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import Any

import pytest
from ends import Waking, Wire, WireCursor, delays, end_at, moments, programs, shared_over
from hypothesis import HealthCheck, Phase, given, settings

from pytest_async_orm.errors import SandboxEnded
from pytest_async_orm.sharing.connection_queue import ConnectionQueue
from pytest_async_orm.sharing.cursors import cursor_over
from pytest_async_orm.sharing.lease import Lease

EXAMPLES = int(os.environ.get("ASYNC_ORM_MACHINE_STEPS", "500")) // 4


def explore(examples: int, monkeypatch: pytest.MonkeyPatch, **options: Any) -> None:
    """End sandboxes at generated moments, with threads that wake late after a grant."""

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), **options)
    @given(programs, moments, delays)
    def ends(steps: list[list[str]], moment: int, delay: int) -> None:
        waking = Waking(delay / 1000)
        with monkeypatch.context() as patch:
            patch.setattr(ConnectionQueue, "_wait_until_granted", lambda queue, waiter: waking(queue, waiter))
            end_at(steps, moment)

    ends()


@pytest.mark.slow
def test_generated_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queued, just granted, in a statement, in a transaction, fetching, between statements: nothing comes too late."""
    explore(EXAMPLES, monkeypatch)


def marks_the_statement_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that wakes up with the turn notes only then that it sends a statement."""

    def take(self: ConnectionQueue, lease: Lease, *, statement: bool = False) -> None:
        with self._mutex:
            if self._grant(lease, statement):
                return
            waiter = self._enqueue(lease, False)
        self._wait(waiter)
        lease.statements += statement

    monkeypatch.setattr(ConnectionQueue, "take", take)
    monkeypatch.setattr(ConnectionQueue, "_take_grant_back", lambda self, refusal: None)


def forgets_who_has_the_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end refuses newcomers and does not wait for who is at work."""
    monkeypatch.setattr(ConnectionQueue, "_wait_for_statement", lambda self, grace: True)


def closes_outside_of_the_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread rolls back on its own while the end does."""

    def close(self: Lease) -> None:
        if self.in_transaction:
            self.abandon()
            self.shared.queue.give_back(self)

    monkeypatch.setattr(Lease, "close", close)


def ends_a_stream_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """The turn goes on while rows of a long statement are under way."""
    from contextlib import nullcontext

    monkeypatch.setattr(Lease, "lasting_statement", lambda self, what: nullcontext())


@pytest.mark.planted
@pytest.mark.parametrize(
    "plant",
    [marks_the_statement_late, forgets_who_has_the_turn, closes_outside_of_the_turn, ends_a_stream_early],
)
def test_planted_fault_is_caught(plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue with a fault fails the same exploration."""
    plant(monkeypatch)
    with pytest.raises(BaseException):  # noqa: B017, PT011 - a fault may show as any error
        explore(400, monkeypatch, phases=[Phase.generate], derandomize=True, database=None)


def granted_late(monkeypatch: pytest.MonkeyPatch) -> tuple[Wire, threading.Thread, list[str]]:
    """End a sandbox while a thread that has been granted the turn has not woken up; return what came of it."""
    wire, granted, go_on, said = Wire(), threading.Event(), threading.Event(), []
    shared, first = shared_over(wire), None
    original = ConnectionQueue._wait_until_granted

    def wake_late(self: ConnectionQueue, waiter: Any) -> None:
        original(self, waiter)
        granted.set()
        go_on.wait(5)

    def write() -> None:
        try:
            cursor_over(Lease(shared), wire.cursor()).execute("late")
        except SandboxEnded:
            said.append("refused")

    monkeypatch.setattr(ConnectionQueue, "_wait_until_granted", wake_late)
    first = Lease(shared)
    first.begin()
    thread = threading.Thread(target=write)
    thread.start()
    while not shared.queue.waiting:
        go_on.wait(0.001)
    first.commit()
    assert granted.wait(5)
    shared.finish(lambda: SandboxEnded("over"), 0.2)
    wire.ended = True
    go_on.set()
    thread.join(5)
    assert shared.lost is None
    return wire, thread, said


def test_grant_that_comes_with_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was granted the turn and wakes up after the end is refused, and the end does not wait for it."""
    wire, _, said = granted_late(monkeypatch)
    assert said == ["refused"]
    assert wire.faults == []


@pytest.mark.planted
def test_grant_that_comes_with_the_end_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the end's word it sends its statement."""
    marks_the_statement_late(monkeypatch)
    wire, _, said = granted_late(monkeypatch)
    assert said != ["refused"]
    assert wire.faults != []


def end_while_a_waiter_rolls_back(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A thread died in a transaction, and one that waits for it rolls it back when the end comes: the wire's faults."""
    wire, rolling, go_on = Wire(), threading.Event(), threading.Event()
    shared = shared_over(wire)
    original = WireCursor.execute

    def execute(self: WireCursor, sql: str) -> WireCursor:
        if sql.startswith("ROLLBACK"):
            rolling.set()
            with wire.use():
                wire.users.append("rolls back")
                go_on.wait(0.3)
                wire.users.remove("rolls back")
            return self
        return original(self, sql)

    def wait_for_the_turn() -> None:
        with suppress(SandboxEnded):
            cursor_over(Lease(shared), wire.cursor()).execute("waits")

    monkeypatch.setattr(WireCursor, "execute", execute)
    dead = threading.Thread(target=lambda: Lease(shared).begin())
    dead.start()
    dead.join()
    waiter = threading.Thread(target=wait_for_the_turn)
    waiter.start()
    assert rolling.wait(5)
    shared.finish(lambda: SandboxEnded("over"), 2)
    with wire.use():
        pass
    waiter.join(5)
    return wire.faults


def test_end_waits_for_a_roll_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is nobody else's while a waiting thread rolls back for a dead one."""
    assert end_while_a_waiter_rolls_back(monkeypatch) == []


@pytest.mark.planted
def test_end_that_does_not_wait_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its note that it does, the end goes on."""
    ignored = property(lambda self: False, lambda self, value: None)
    monkeypatch.setattr(ConnectionQueue, "_evicting", ignored, raising=False)
    assert end_while_a_waiter_rolls_back(monkeypatch) != []

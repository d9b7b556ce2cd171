"""Waits that cannot end are told at once, and no other wait is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import waiting_scenes
from waiting_scenes import (
    CERTAIN,
    TIMEOUT,
    UNCERTAIN,
    Lease,
    Scene,
    is_cancelled_by_a_timer,
    is_cancelled_by_another_task,
    joins_for_a_while,
    waits_for_the_first_in_a_loop,
)

from pytest_async_orm.errors import SandboxDeadlock
from pytest_async_orm.frames import blocked
from pytest_async_orm.patches import waits
from pytest_async_orm.sharing.connection_queue import ConnectionQueue

AT_ONCE = 0.4
"""Seconds; 0.05 and what a busy machine adds."""


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.pool.shutdown()


@pytest.mark.parametrize("act", CERTAIN)
@pytest.mark.filterwarnings("ignore:async_to_sync was passed")
def test_certain_wait_is_told_at_once(scene: Scene, act: Callable[[Scene], None]) -> None:
    """The holder waits for the waiter, by whatever call: the report comes at once and names the lines of the scene."""
    scene.hold(lambda: act(scene))
    assert "would ever go on" in scene.text
    assert f"{Path(waiting_scenes.__file__).name}:" in scene.text.splitlines()[1]
    assert scene.seconds < AT_ONCE


@pytest.mark.parametrize("act", UNCERTAIN)
def test_wait_that_may_end_is_left_alone(scene: Scene, act: Callable[[Scene], None]) -> None:
    """The holder goes on by itself, so the waiter gets its turn and no report."""
    scene.hold(lambda: act(scene))
    assert scene.over.wait(5)
    assert scene.text == ""
    assert scene.queue.looks > 0


def test_circle_over_two_databases(scene: Scene) -> None:
    """Two threads, each in a transaction on one database, ask for the other's: one is told, and both go on."""
    other, barrier, told = ConnectionQueue("test_it", "other", TIMEOUT), threading.Barrier(2), []

    def both(mine: ConnectionQueue, theirs: ConnectionQueue) -> None:
        lease, second = Lease(in_transaction=True), Lease()
        mine.take(lease)
        barrier.wait(5)
        try:
            theirs.take(second)
            theirs.give_back(second)
        except SandboxDeadlock as error:
            told.append(str(error))
        finally:
            mine.give_back(lease)

    started = time.monotonic()
    threads = [threading.Thread(target=both, args=pair) for pair in ((scene.queue, other), (other, scene.queue))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert time.monotonic() - started < AT_ONCE
    assert told
    assert "waits for the connection" in told[0]


def sees_no_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    make = waits._WAITS[threading.Thread.join.__code__]
    monkeypatch.setitem(waits._WAITS, threading.Thread.join.__code__, lambda seen: make({"self": seen["self"]}))


def takes_any_callback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "_COMPLETING", "")


def takes_the_loop_for_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits.RunsLoop, "is_still", lambda self, innermost: True)


def ignores_other_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocked, "asyncio", SimpleNamespace(all_tasks=lambda loop: ()))


FAULTS = [
    (sees_no_time_out, joins_for_a_while),
    (takes_any_callback, waits_for_the_first_in_a_loop),
    (takes_the_loop_for_still, is_cancelled_by_a_timer),
    (ignores_other_tasks, is_cancelled_by_another_task),
]


@pytest.mark.planted
@pytest.mark.parametrize(("plant", "act"), FAULTS)
def test_planted_fault_is_caught(plant: Any, act: Any, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each caution is needed: without it a wait that would end is reported."""
    plant(monkeypatch)
    scene.hold(lambda: act(scene))
    assert scene.over.wait(5)
    assert scene.text != ""

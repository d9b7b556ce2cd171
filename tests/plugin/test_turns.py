"""Threads that repeat themselves: which of their turns began in a test that is over, told by plain calls."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from thread_states import WAITING, until

from pytest_async_orm.frames.workers import Work, call_of

pytestmark = pytest.mark.any_database


class Ticks:
    """Whether a thread still is at the work that was noted of it, told in each of its turns."""

    thread: threading.Thread

    def __init__(self) -> None:
        self.stop, self.go = threading.Event(), threading.Event()
        self.told: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self.works: list[Work] = []

    def tick(self) -> None:
        if self.works:
            self.told.put(self.works[0].goes_on(threading.current_thread()))

    def note(self, *, pauses: bool) -> None:
        """Note what it does at a moment when it does or does not pause."""
        assert until(lambda: Work(call_of(self.thread)).pauses is pauses and call_of(self.thread))
        self.works.append(Work(call_of(self.thread)))


@contextmanager
def ticking(work: Callable[..., None]) -> Iterator[Ticks]:
    """A thread that repeats itself."""
    ticks = Ticks()
    thread = threading.Thread(target=work, args=(ticks,))
    thread.start()
    ticks.thread = thread
    try:
        yield ticks
    finally:
        ticks.stop.set()
        ticks.go.set()
        thread.join(WAITING)


def sleeps_at_the_end(ticks: Ticks) -> None:
    while not ticks.stop.is_set():
        ticks.tick()
        time.sleep(0.05)


def waits_at_the_head(ticks: Ticks) -> None:
    while not ticks.stop.wait(0.05):
        with suppress(ValueError):
            ticks.tick()


async def beats(ticks: Ticks) -> None:
    while not ticks.stop.is_set():
        await asyncio.sleep(0.05)
        ticks.tick()


def loops(ticks: Ticks) -> None:
    asyncio.run(beats(ticks))


PAUSING = [sleeps_at_the_end, waits_at_the_head, loops]


@pytest.mark.parametrize("work", PAUSING, ids=lambda work: work.__name__)
def test_the_next_turn_is_another(work: Callable[[Ticks], None]) -> None:
    """A thread that pauses between two turns of a loop begins anew with the next one."""
    with ticking(work) as ticks:
        ticks.note(pauses=True)
        assert not any(ticks.told.get(timeout=WAITING) for _ in range(3))


def leaves_the_loop(ticks: Ticks) -> None:
    while not ticks.go.is_set():
        time.sleep(0.001)
    ticks.tick()


def counts(ticks: Ticks) -> None:
    for _ in range(1000):
        if ticks.go.wait(0.001):
            break
    ticks.tick()


def goes_through(ticks: Ticks) -> None:
    while not ticks.stop.is_set():
        for _ in range(2):
            time.sleep(0.001)
            ticks.tick()


def waits_for_a_result(ticks: Ticks) -> None:
    with ThreadPoolExecutor(1) as pool:
        while not ticks.stop.is_set():
            futures.wait([pool.submit(time.sleep, 0.001)])
            ticks.tick()


@pytest.mark.parametrize("work", [leaves_the_loop, counts, goes_through, waits_for_a_result], ids=lambda w: w.__name__)
def test_what_follows_a_pause_goes_on(work: Callable[[Ticks], None]) -> None:
    """What comes behind the loop, the rest of what a `for` goes through, and what waited for a result, began before."""
    with ticking(work) as ticks:
        ticks.note(pauses=work is leaves_the_loop)
        ticks.go.set()
        assert ticks.told.get(timeout=WAITING) is True


def test_a_turn_that_began_before() -> None:
    """A turn that was under way goes on to its end; once the thread has paused the next one is another."""
    entered, go = threading.Event(), threading.Event()

    def turn(ticks: Ticks) -> None:
        entered.set()
        go.wait(WAITING)
        ticks.tick()

    def work(ticks: Ticks) -> None:
        while not ticks.stop.is_set():
            turn(ticks)
            ticks.go.wait(WAITING)

    with ticking(work) as ticks:
        assert entered.wait(WAITING)
        ticks.note(pauses=False)
        go.set()
        assert ticks.told.get(timeout=WAITING) is True
        assert until(lambda: ticks.works[0].renewed(ticks.thread).pauses)
        ticks.works[0] = ticks.works[0].renewed(ticks.thread)
        ticks.go.set()
        assert ticks.told.get(timeout=WAITING) is False


@pytest.mark.planted
@pytest.mark.parametrize("anew", [False, True])
def test_planted_fault_is_caught(anew: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """All turns of a loop are one work, or whatever a thread does is another."""
    monkeypatch.setattr(Work, "_is_next_turn", lambda self, frame: anew)
    with pytest.raises(AssertionError):  # noqa: PT012 - one of them
        test_the_next_turn_is_another(sleeps_at_the_end)
        test_what_follows_a_pause_goes_on(goes_through)


BEATS = """
import contextvars
from concurrent.futures import ThreadPoolExecutor

class Heart:
    def __init__(self):
        self.stop, self.go, self.done, self.errors = threading.Event(), threading.Event(), threading.Event(), []
        self.running, self.turns = False, threading.Semaphore(0)

    def run(self):
        self.running = True
        while not self.stop.wait(0.01):
            self.turns.release()
            if self.go.is_set():
                self.beat()
        connections.close_all()

    def beat(self):
        try:
            Tag.objects.get_or_create(name="beat")
        except BaseException as error:
            self.errors.append(error)
        self.go.clear()
        self.done.set()

    def beats(self):
        self.done.clear()
        self.go.set()
        assert self.done.wait(20) and not self.errors

HEART, POOL = Heart(), ThreadPoolExecutor(1)

@pytest.mark.django_db
{kind} test_starts():
    {start}
    {asks}

@pytest.mark.django_db
@pytest.mark.parametrize("turn", range(2))
{kind} test_goes_on(turn):
    {asks}
    {counts}

def test_stops():
    HEART.stop.set()
    POOL.shutdown()
"""
STARTS = {
    "thread": "threading.Thread(target=HEART.run, daemon=True).start()",
    "context": "threading.Thread(target=contextvars.copy_context().run, args=(HEART.run,), daemon=True).start()",
    "pool": "POOL.submit(HEART.run)",
}
KINDS = {
    "async": {
        "kind": "async def",
        "asks": "await asyncio.to_thread(HEART.beats)",
        "counts": "assert await Tag.objects.acount() == 1",
    },
    "sync": {"kind": "def", "asks": "HEART.beats()", "counts": "assert Tag.objects.count() == 1"},
}


# Turns go by before the session looks at what a test has left: between its end and that of its database, and later.
TURNS = """
import sys
import pytest
from pytest_async_orm.sharing.layers import Layers

def wait():
    heart = getattr(sys.modules.get("test_inner"), "HEART", None)
    if heart is not None and heart.running and not heart.stop.is_set():
        while heart.turns.acquire(blocking=False):
            pass
        for _ in range(2):
            assert heart.turns.acquire(timeout=20)

resume = Layers.resume

def resume_later(self):
    wait()
    resume(self)
    wait()

Layers.resume = resume_later

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    wait()
"""


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turns", ["", TURNS], ids=["few", "many"])
def test_started_by_a_test(run, pytester: pytest.Pytester, start: str, kind: str, turns: str) -> None:
    """What one test has started beats in the next ones too, which are not to blame for it, however often it pauses in
    between.
    """
    pytester.makeconftest(turns)
    result = run(BEATS.format(start=STARTS[start], **KINDS[kind]))
    result.assert_outcomes(passed=4)
    result.stdout.no_fnmatch_line("*test_goes_on*")
    result.stdout.no_fnmatch_line("3 x *")

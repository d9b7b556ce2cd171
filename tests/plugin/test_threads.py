"""Whose thread is it, and does it wait for work: told by plain calls."""

from __future__ import annotations

import gc
import queue
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from thread_states import (
    WAITING,
    bare_loop,
    condition,
    consumer,
    executor,
    in_the_middle_of_a_call,
    loop_at_work,
    loop_with_a_consumer,
    own_queue,
    polled,
    simple_queue,
    thread_pool,
    trio_cache,
    until,
    waits_for_a_coroutine,
    wrapped,
)

from pytest_async_orm.frames import workers
from pytest_async_orm.frames.stacks import frames_of
from pytest_async_orm.frames.workers import Work, call_of, is_alive, is_idle, pause_for


@pytest.mark.parametrize(
    "waiting",
    [
        executor,
        thread_pool,
        own_queue,
        simple_queue,
        polled,
        condition,
        wrapped,
        bare_loop,
        loop_with_a_consumer,
        trio_cache,
    ],
    ids=lambda made: made.__name__,
)
def test_idle(waiting: Callable[[], Any]) -> None:
    """A thread is idle by what it waits for, whatever lies below."""
    with waiting() as thread:
        assert until(lambda: is_idle(thread)), call_of(thread)


@pytest.mark.parametrize(
    "working", [in_the_middle_of_a_call, loop_at_work, waits_for_a_coroutine], ids=lambda made: made.__name__
)
def test_at_work(working: Callable[[], Any]) -> None:
    """A thread that waits for anything else is in the middle of its call."""
    with working() as thread:
        assert until(lambda: not is_idle(thread))
        assert not any(is_idle(thread) for _ in range(200))


def found_at_work(thread: threading.Thread) -> Work:
    assert until(lambda: call_of(thread))
    return Work(call_of(thread))


def asks(work: Work, outcome: queue.SimpleQueue[bool]) -> Callable[[], None]:
    """A job that looks whether its thread still is at some work."""
    return lambda: outcome.put(work.goes_on(threading.current_thread()))


@pytest.mark.parametrize("make", [queue.Queue, queue.SimpleQueue])
def test_the_next_job_is_another(make: Callable[[], Any]) -> None:
    """A consumer that one test left in the middle of a job is free for the next one; the job itself goes on."""
    go_on, outcome = threading.Event(), queue.SimpleQueue()
    with consumer(make()) as found:
        works: list[Work] = []

        def job() -> None:
            go_on.wait(WAITING)
            outcome.put(works[0].goes_on(threading.current_thread()))

        found.jobs.put(job)
        works.append(found_at_work(found.thread))
        go_on.set()
        assert outcome.get(timeout=WAITING) is True
        found.jobs.put(asks(works[0], outcome))
        assert outcome.get(timeout=WAITING) is False


def test_thread_that_python_did_not_start() -> None:
    """Such a thread raises where others answer; whoever asks is not disturbed."""
    import _thread

    seen: queue.SimpleQueue[threading.Thread] = queue.SimpleQueue()
    go_on = threading.Event()
    _thread.start_new_thread(lambda: (seen.put(threading.current_thread()), go_on.wait(WAITING)), ())
    thread = seen.get(timeout=WAITING)
    assert is_alive(thread)
    pause_for(thread, 0.001)
    go_on.set()
    assert until(lambda: not is_alive(thread))


def test_nobodys_locals_are_kept() -> None:
    """Whoever looks at frames leaves no cycle behind that keeps the callers' locals."""

    class Held:
        pass

    def look() -> weakref.ref[Held]:
        held = Held()
        workers.runs_for_pool(threading.current_thread())
        call_of(threading.current_thread())
        Work(()).goes_on(threading.current_thread())
        return weakref.ref(held)

    gc.disable()
    try:
        assert look()() is None
    finally:
        gc.enable()


def test_two_threads_forget_one_straggler() -> None:
    """A pool's thread at its next call and the main thread between tests, at the same time."""
    from pytest_async_orm.sharing.layers import Layers

    layers = Layers()
    thread = threading.current_thread()

    class Over:
        def goes_on(self, thread: threading.Thread) -> bool:
            layers._stragglers.pop(thread, None)
            return False

        def repeats(self, thread: threading.Thread) -> bool:
            return False

    for forget in (layers.origin, layers._forget_finished):
        layers._stragglers[thread] = (Any, Over())  # type: ignore[assignment]
        assert forget() is None
        assert not layers._stragglers


@pytest.mark.planted
@pytest.mark.parametrize(
    ("name", "planted"),
    [("_waits_for_work", lambda frames, works: False), ("_takes_jobs", lambda frame: False)],
)
def test_planted(monkeypatch: pytest.MonkeyPatch, name: str, planted: Any) -> None:
    """Without the look at what a thread waits for, an idle one works; without that at its loop, every job is one."""
    monkeypatch.setattr(workers, name, planted)
    with pytest.raises(AssertionError):
        test_the_next_job_is_another(queue.Queue)


@pytest.mark.planted
def test_planted_in_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the look at loops, a consumer over a condition is in the middle of a call for ever."""
    monkeypatch.setattr(workers, "is_in_loop", lambda code, instruction: False)
    with condition() as thread:
        assert until(lambda: any(frame.f_code.co_name == "wait" for frame in frames_of(thread)))
        assert not is_idle(thread)

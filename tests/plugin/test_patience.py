"""How long a waiter sees its queue stand still, by a clock that the test sets."""

from __future__ import annotations

import _thread
import sys
import threading
import time
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_async_orm.sharing import waiting


def given_up_after(monkeypatch: pytest.MonkeyPatch, holders: list[int], ended: list[int]) -> int | None:
    """The first second at which a time-out of one second is over; None if it is not within twenty."""
    clock = count()
    monkeypatch.setattr(waiting, "REAL", SimpleNamespace(monotonic=lambda: next(clock)))
    moves = iter(zip(holders, ended, strict=True))
    patience = waiting.Patience(1, lambda: next(moves))
    return next((second for second in range(1, 20) if patience.is_over()), None)


def test_a_queue_that_stands_still_is_given_up_after_one_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody came and no statement ended."""
    assert given_up_after(monkeypatch, [0] * 20, [0] * 20) == 1


def test_one_transaction_that_goes_on_is_given_up_after_six(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its statements restart the clock, six time-outs long and no longer."""
    assert given_up_after(monkeypatch, [0] * 20, list(range(20))) == 6


def test_a_queue_that_moves_is_not_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each holder gives way to the next."""
    assert given_up_after(monkeypatch, list(range(20)), list(range(20))) is None


def test_thread_that_python_did_not_start() -> None:
    """It is dead when it has ended: `threading` itself takes it for alive for ever."""
    threads: list[threading.Thread] = []
    ended = _thread.allocate_lock()

    def work() -> None:
        threads.append(threading.current_thread())
        assert not waiting.is_dead(holder(threads[0]))

    def holder(thread: threading.Thread) -> Any:
        return SimpleNamespace(thread=thread, lasting=False, statements=0)

    ended.acquire()
    _thread.start_new_thread(lambda: (work(), ended.release()), ())
    assert ended.acquire(timeout=5)
    while threads[0].ident in sys._current_frames():
        time.sleep(0)  # it has a few instructions to go
    assert waiting.is_dead(holder(threads[0]))

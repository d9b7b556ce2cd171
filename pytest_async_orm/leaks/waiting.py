"""Waits for closes that are under way: a server answers its client before it has closed its connection."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from pytest_async_orm.clock import REAL
from pytest_async_orm.frames.stacks import frames_of
from pytest_async_orm.frames.workers import is_alive, is_idle
from pytest_async_orm.leaks.kinds import belongs_to_session
from pytest_async_orm.leaks.ledger import Ledger
from pytest_async_orm.leaks.opened_connection import OpenedConnection
from pytest_async_orm.patches.interpreter import current_frames
from pytest_async_orm.patches.process import PROCESS

GRACE_SECONDS = 0.5
# A close ends the wait at once; the end of a thread is seen by polling.
_POLL_SECONDS = 0.02


def settle(openings: Iterable[OpenedConnection], grace: float = GRACE_SECONDS) -> None:
    """Wait while a connection may still be closed, at most `grace` seconds."""
    openings, ledger = list(openings), PROCESS.one(Ledger)
    deadline = REAL.monotonic() + grace
    while _unsettled(openings) and somebody_works():
        left = deadline - REAL.monotonic()
        if left <= 0:
            return
        with ledger.changed:
            ledger.changed.wait(min(left, _POLL_SECONDS))


def observe() -> None:
    """Remember what the plugin is about to clean away, once threads that are about to end have ended: those of the
    session do not.
    """
    ledger = PROCESS.one(Ledger)
    settle([opened for opened in ledger.fresh() if not belongs_to_session(opened)], GRACE_SECONDS)
    ledger.observe()


def _unsettled(openings: Iterable[OpenedConnection]) -> bool:
    return any(opened.closed_time is None and not opened.owned and is_alive(opened.thread) for opened in openings)


def somebody_works() -> bool:
    """Whether another thread does something, or runs a loop that may."""
    here = threading.current_thread()
    return any(
        thread is not here and not thread.name.startswith("pool-") and (not is_idle(thread) or _runs_loop(thread))
        for thread in threading.enumerate()
        if thread.ident in current_frames()
    )


def _runs_loop(thread: threading.Thread) -> bool:
    return any(frame.f_code.co_name == "run_forever" for frame in frames_of(thread))

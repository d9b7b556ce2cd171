"""Real connections of other threads, closed by the plugin when nobody uses them any more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper

from pytest_async_orm.clock import REAL
from pytest_async_orm.frames.handoff import left_at_work
from pytest_async_orm.frames.workers import is_idle, pause_for
from pytest_async_orm.leaks.ledger import Ledger
from pytest_async_orm.leaks.opened_connection import OpenedConnection
from pytest_async_orm.patches.process import PROCESS

if TYPE_CHECKING:
    from pytest_async_orm.records import Leftover

_GRACE_SECONDS = 1.0
_POLL_SECONDS = 0.005


def close_idle_connections() -> list[Leftover]:
    """Close other threads' connections, after a short grace where a thread works; describe those of the present test
    that go on working.
    """
    deadline = REAL.monotonic() + _GRACE_SECONDS
    working = _close_idle()
    while working and REAL.monotonic() < deadline:
        pause_for(working[0], _POLL_SECONDS)
        working = _close_idle()
    PROCESS.one(Ledger).told.update(working)
    # One thread may have connections to several databases.
    return [left_at_work(thread) for thread in dict.fromkeys(working)]


def close_all_connections() -> None:
    """Close every connection of other threads, whatever they do."""
    for _, connection in _elsewhere():
        _close(connection)


def _elsewhere() -> Iterator[tuple[OpenedConnection, Any]]:
    """Open connections of threads other than the calling one."""
    here = threading.current_thread()
    for opened in PROCESS.one(Ledger).open_connections():
        wrapper = opened.wrapper
        # A native async connection can be closed by its own loop alone.
        if opened.virtual or opened.thread is here or not isinstance(wrapper, BaseDatabaseWrapper):
            continue
        if wrapper.connection is not None:
            yield opened, wrapper


def _close_idle() -> list[threading.Thread]:
    """Close the connections of threads that do nothing; return the present test's threads that are at work and keep
    theirs.
    """
    working = []
    for opened, connection in _elsewhere():
        if is_idle(opened.thread):
            _close(connection)
        elif _is_present_tests(opened):
            working.append(opened.thread)
    return working


def _is_present_tests(opened: OpenedConnection) -> bool:
    """Not a fixture's of wider scope, nor an earlier test's, which has waited for its own and told of them."""
    if PROCESS.test is not None and (opened.belongs_to_session or opened.test != PROCESS.test):
        return False
    # Where tests are not judged, nobody knows whose it is.
    return opened.thread not in PROCESS.one(Ledger).told


def _close(connection: Any) -> None:
    with PROCESS.one(Ledger).closing_ourselves():
        close_from_here(connection)


def close_from_here(connection: Any) -> None:
    """Close another thread's connection, which Django allows after `inc_thread_sharing`."""
    connection.inc_thread_sharing()
    try:
        connection.close()
        if connection.closed_in_transaction:
            # Its thread left an atomic block open for good; the next use may connect again.
            connection.connection = None
    finally:
        connection.dec_thread_sharing()

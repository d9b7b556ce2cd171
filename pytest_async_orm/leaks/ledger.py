"""The ledger: every connection of a session, from its opening to its close.

Opened: by Django's own signal, which virtual and native connections send too. Closed: see `closes`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from asgiref.sync import SyncToAsync
from django.db import connections
from django.db.backends.signals import connection_created

from pytest_async_orm.frames import handoff
from pytest_async_orm.frames.lines import stack_from
from pytest_async_orm.frames.workers import runs_for_pool
from pytest_async_orm.leaks.opened_connection import OpenedConnection
from pytest_async_orm.patches.handler import is_kept
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.records import ConnectionRecord

# Kept in the connection itself: every cursor asks for it, and a weak dictionary takes five times as long to answer.
OPENING = "_async_orm_opening"
KEPT_BY_DJANGO = "_async_orm_kept"
_CLIENT = f"django{os.sep}test{os.sep}client.py"
# Closed connections are kept for the report alone: the newest of them.
_HISTORY = 2000


class Ledger:
    """One a process, as the connections are that it keeps; nothing is kept before `watch`."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.root = ""
        # Whether somebody will ask for what was opened: else it is not kept.
        self.judging = False
        self._main = threading.current_thread()
        self._open: dict[int, OpenedConnection] = {}
        self._fresh: list[OpenedConnection] = []
        self._history: deque[OpenedConnection] = deque(maxlen=_HISTORY)
        self._closing_ourselves = threading.local()

    def watch(self) -> None:
        """Keep account from now on; the calling thread's own connection is nobody's to close."""
        if not PROCESS.watching:
            PROCESS.watching = True
            self._main = threading.current_thread()
            PROCESS.patches.connect(connection_created, _created, "pytest_async_orm.ledger")

    def unwatch(self) -> None:
        """Keep no account any more."""
        PROCESS.watching = self.judging = PROCESS.noting = False

    def note_opened(self, connection: Any, frame: Any) -> None:
        """Note an opening, from a frame outwards, on the thread that opens."""
        entry = OpenedConnection(connection, self._gone, virtual=getattr(connection, "is_virtual", False))
        caller = handoff.present_caller()
        entry.user_frame = handoff.user_frame(frame)
        entry.test, entry.belongs_to_session = PROCESS.test, PROCESS.test is None
        if caller is not None:
            entry.test, entry.belongs_to_session = caller.test or entry.test, caller.test is None
            entry.task_name, entry.executor = caller.task_name, caller.executor
        _note_task(entry)
        entry.registered = not connection.is_copy if entry.virtual else _is_registered(connection)
        entry.owned = entry.task is None and entry.registered and self._is_owned(entry)
        if not entry.owned:
            _note_thread(entry, frame)
        with self.changed:
            self._open[id(entry)] = entry
            if self.judging:
                self._fresh.append(entry)
            vars(connection)[OPENING] = entry

    def _is_owned(self, entry: OpenedConnection) -> bool:
        """Whether the plugin or asgiref closes it: the main thread's own, and that of asgiref's one worker."""
        executor = entry.executor() if entry.executor is not None else None
        return entry.thread is self._main or executor is SyncToAsync.single_thread_executor

    def opening_of(self, wrapper: Any) -> OpenedConnection | None:
        """The present or the last opening of a connection; None if none was noted."""
        found: OpenedConnection | None = wrapper.__dict__.get(OPENING)
        return found

    def closed(self, wrapper: Any) -> None:
        """Note a close, with its line, on the thread that closes."""
        entry = self.opening_of(wrapper)
        if entry is not None and entry.closed_time is None:
            frame = handoff.user_frame(sys._getframe(2))
            self._settle(entry, lambda: entry.closed(frame, by_plugin=self.is_closing_ourselves))

    def asked_to_close(self, wrapper: Any) -> None:
        """Django keeps a SQLite database in memory open, but its user has done what is right."""
        self.closed(wrapper)
        vars(wrapper)[KEPT_BY_DJANGO] = True

    def used_again(self, wrapper: Any) -> None:
        """And is its user again with the next statement."""
        del vars(wrapper)[KEPT_BY_DJANGO]
        self.note_opened(wrapper, sys._getframe(1))

    def _gone(self, entry: OpenedConnection) -> None:
        """The garbage collector took a connection that nobody closed."""
        if entry.closed_time is None:
            entry.closed(None, by_plugin=False)
            entry.collected = True
            # No lock: a collection may happen while this very thread holds it.
            self._open.pop(id(entry), None)
            self._history.append(entry)

    def _settle(self, entry: OpenedConnection, close: Callable[[], None]) -> None:
        with self.changed:
            close()
            if self._open.pop(id(entry), None) is not None:
                self._history.append(entry)
            self.changed.notify_all()

    @property
    def is_closing_ourselves(self) -> bool:
        return bool(getattr(self._closing_ourselves, "closing", False))

    @contextmanager
    def closing_ourselves(self) -> Iterator[None]:
        """Closes in this block are the plugin's: they do not clear a test of its leaks."""
        before, self._closing_ourselves.closing = self.is_closing_ourselves, True
        try:
            yield
        finally:
            self._closing_ourselves.closing = before

    def connections(self) -> list[OpenedConnection]:
        """All connections that are kept, in the order in which they were opened."""
        found = [*list(self._history), *list(self._open.values())]
        return sorted(found, key=lambda entry: entry.opened_time)

    def open_connections(self) -> list[OpenedConnection]:
        """Those that are open, in no order."""
        return list(self._open.values())

    def fresh(self) -> list[OpenedConnection]:
        """What was opened since the last judgement."""
        with self.changed:
            return list(self._fresh)

    def take_fresh(self) -> list[OpenedConnection]:
        """What was opened since this was last asked."""
        if not self._fresh:
            return []
        with self.changed:
            fresh, self._fresh = self._fresh, []
        return fresh

    def observe(self) -> None:
        """Remember what the plugin is about to clean away of what was opened since the last judgement."""
        for entry in self.fresh():
            entry.observe()

    def retire(self, entries: Iterable[OpenedConnection]) -> None:
        """Let go of a sandbox's connections, which end with it whether or not anybody closed them: asgiref's own of
        every test would drive what is real out of the history.
        """
        with self.changed:
            for entry in entries:
                if entry.virtual and self._open.pop(id(entry), None) is not None:
                    self._history.append(entry)
                if not entry.reported:
                    entry.stack = ()
            while self._history and _is_nothing_new(self._history[-1]):
                self._history.pop()

    def records(self) -> list[ConnectionRecord]:
        """What `connection_ledger` shows: facts of this moment."""
        return [entry.record(self.root) for entry in self.connections()]


def _created(connection: Any, **signal: Any) -> None:  # noqa: ARG001 - the signal protocol
    if PROCESS.watching:
        PROCESS.one(Ledger).note_opened(connection, sys._getframe(1))


def _is_nothing_new(entry: OpenedConnection) -> bool:
    return entry.virtual and entry.owned and not entry.reported


def _is_registered(connection: Any) -> bool:
    """Whether it is what `connections` gives on this thread; or gave, if a sandbox began while it was being opened."""
    return any(known is connection for known in connections.all(initialized_only=True)) or is_kept(
        connections, connection
    )


def _note_thread(entry: OpenedConnection, frame: FrameType) -> None:
    """Note what a leak's report needs to know of the thread. A request that the test's client sends on it ends without
    a close: the line that sent it there is to blame, not the view's.
    """
    entry.stack = stack_from(frame)
    entry.in_pool = runs_for_pool(entry.thread)
    executor = entry.executor() if entry.executor is not None else None
    entry.of_request = getattr(executor, "_async_orm_of_asgiref", False)
    if entry.task is None and entry.registered and (line := handoff.asked_at(frame, _CLIENT, handed=True)):
        entry.user_frame, entry.by_client = line, True


def _note_task(entry: OpenedConnection) -> None:
    """A connection that is opened while a loop runs on its thread belongs to the task, as Django keeps it."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return
    if task is not None:
        entry.task, entry.task_name = weakref.ref(task), task.get_name()

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
from typing import TYPE_CHECKING, Any

from asgiref.sync import SyncToAsync
from django.db import connections
from django.db.backends.signals import connection_created

from pytest_async_orm.frames import handoff
from pytest_async_orm.frames.lines import stack_from
from pytest_async_orm.leaks.opened_connection import OpenedConnection
from pytest_async_orm.patches.handler import is_kept
from pytest_async_orm.patches.process import PROCESS

if TYPE_CHECKING:
    from pytest_async_orm.records import ConnectionRecord

# Kept in the connection itself: every cursor asks for it, and a weak dictionary takes five times as long to answer.
OPENING = "_async_orm_opening"
KEPT_BY_DJANGO = "_async_orm_kept"
_CLIENT = f"django{os.sep}test{os.sep}client.py"
# Closed connections are kept for the report alone: the newest of them.
_HISTORY = 2000


class Ledger:
    """All connections that the session opened, one ledger for each session; nothing is kept before `watch`."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.root = ""
        # Whether tests are judged: if not, `take_fresh` has nothing to give.
        self.judging = False
        # Threads that a test has been told to have left at work.
        self.told: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self._main = threading.current_thread()
        self._older: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self._open: dict[int, OpenedConnection] = {}
        self._fresh: list[OpenedConnection] = []
        self._history: deque[OpenedConnection] = deque(maxlen=_HISTORY)
        self._closing_ourselves = threading.local()

    def watch(self) -> None:
        """Keep account from now on; the calling thread counts as the main thread, whose connection the plugin owns."""
        if not PROCESS.watching:
            PROCESS.watching = True
            self._main = threading.current_thread()
            self._older = weakref.WeakSet(thread for thread in threading.enumerate() if thread is not self._main)
            PROCESS.patches.connect(connection_created, _created, "pytest_async_orm.ledger")

    def unwatch(self) -> None:
        """Keep no account any more."""
        PROCESS.watching = self.judging = PROCESS.noting = False

    def note_opened(self, connection: Any, frame: Any) -> None:
        """Note an opening, on the thread that opens; the user's line is looked for from `frame` outwards."""
        opened = OpenedConnection(connection, self._gone, virtual=getattr(connection, "is_virtual", False))
        opened.user_frame = handoff.user_frame(frame)
        _note_caller(opened)
        opened.belongs_to_session |= handoff.present_caller() is None and opened.thread in self._older
        _note_task(opened)
        opened.registered = not connection.is_copy if opened.virtual else _is_registered(connection)
        opened.owned = opened.task is None and opened.registered and self._is_owned(opened)
        # Of one that threads share nobody can say which of them closes it.
        opened.owned |= connection.allow_thread_sharing
        if not opened.owned:
            _note_thread(opened, frame)
        replaced = self.opening_of(connection)
        if replaced is not None and replaced.closed_time is None:
            # A wrapper has one connection; who holds the one before, if anybody does, cannot be told.
            replaced.may_be_kept = True
            self._settle(replaced, lambda: replaced.closed(opened.user_frame, by_plugin=False))
        with self.changed:
            self._open[id(opened)] = opened
            if self.judging:
                self._fresh.append(opened)
            vars(connection)[OPENING] = opened

    def _is_owned(self, opened: OpenedConnection) -> bool:
        """Whether the plugin or asgiref closes it: the main thread's own, and that of asgiref's one worker."""
        executor = opened.executor() if opened.executor is not None else None
        return opened.thread is self._main or executor is SyncToAsync.single_thread_executor

    def opening_of(self, wrapper: Any) -> OpenedConnection | None:
        """The present or the last opening of a connection; None if none was noted."""
        found: OpenedConnection | None = wrapper.__dict__.get(OPENING)
        return found

    def closed(self, wrapper: Any) -> None:
        """Note a close and the user's line for it; called on the thread that closes."""
        opened = self.opening_of(wrapper)
        if opened is not None and opened.closed_time is None:
            frame = handoff.user_frame(sys._getframe(2))
            self._settle(opened, lambda: opened.closed(frame, by_plugin=self.is_closing_ourselves))

    def asked_to_close(self, wrapper: Any) -> None:
        """Note a close that was asked for, although Django keeps a SQLite database in memory open."""
        self.closed(wrapper)
        vars(wrapper)[KEPT_BY_DJANGO] = True

    def used_again(self, wrapper: Any) -> None:
        """Note an opening at the next statement on a connection that Django kept open in `asked_to_close`."""
        del vars(wrapper)[KEPT_BY_DJANGO]
        self.note_opened(wrapper, sys._getframe(1))

    def _gone(self, opened: OpenedConnection) -> None:
        """The garbage collector took a connection that nobody closed."""
        if opened.closed_time is None:
            opened.closed(None, by_plugin=False)
            opened.collected = True
            # No lock: a collection may happen while this very thread holds it.
            self._open.pop(id(opened), None)
            self._history.append(opened)

    def _settle(self, opened: OpenedConnection, close: Callable[[], None]) -> None:
        with self.changed:
            close()
            if self._open.pop(id(opened), None) is not None:
                self._history.append(opened)
            self.changed.notify_all()

    @property
    def is_closing_ourselves(self) -> bool:
        """Whether the calling thread is inside `closing_ourselves`."""
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
        return sorted(found, key=lambda opened: opened.opened_time)

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
        for opened in self.fresh():
            opened.observe()

    def retire(self, openings: Iterable[OpenedConnection]) -> None:
        """Let go of a sandbox's connections, which end with it whether or not anybody closed them.

        Otherwise each test's connection on asgiref's thread would push real connections out of the history.
        """
        with self.changed:
            for opened in openings:
                if opened.virtual and self._open.pop(id(opened), None) is not None:
                    self._history.append(opened)
                if not opened.reported:
                    opened.stack = ()
            while self._history and _is_nothing_new(self._history[-1]):
                self._history.pop()

    def records(self) -> list[ConnectionRecord]:
        """All connections that are kept, oldest first, as facts of this moment."""
        return [opened.record(self.root) for opened in self.connections()]


def _created(connection: Any, **signal: Any) -> None:  # noqa: ARG001 - the signal protocol
    if PROCESS.watching:
        PROCESS.one(Ledger).note_opened(connection, sys._getframe(1))


def _is_nothing_new(opened: OpenedConnection) -> bool:
    return opened.virtual and opened.owned and not opened.reported


def _is_registered(connection: Any) -> bool:
    """Whether it is what `connections` gives on this thread; or gave, if a sandbox began while it was being opened.

    Then nobody may ask: the thread would have one of the sandbox's in the middle of its transaction.
    """
    return is_kept(connections, connection) or any(
        known is connection for known in connections.all(initialized_only=True)
    )


def _note_thread(opened: OpenedConnection, frame: FrameType) -> None:
    """Note what a leak's report needs to know of the thread. A request that the test's client sends on it ends without
    a close: the line that sent it there is to blame, not the view's.
    """
    from pytest_async_orm.frames.workers import runs_for_pool

    opened.stack = stack_from(frame)
    opened.in_pool = runs_for_pool(opened.thread)
    executor = opened.executor() if opened.executor is not None else None
    opened.of_request = getattr(executor, "_async_orm_of_asgiref", False)
    if opened.task is None and opened.registered and (line := handoff.asked_at(frame, _CLIENT, handed=True)):
        opened.user_frame, opened.by_client = line, True


def _note_caller(opened: OpenedConnection) -> None:
    opened.test, opened.belongs_to_session = PROCESS.test, PROCESS.test is None
    caller = handoff.present_caller()
    if caller is not None:
        opened.test, opened.belongs_to_session = caller.test or opened.test, caller.test is None
        opened.task_name, opened.executor = caller.task_name, caller.executor
        # What an earlier test has started lives on by now: the present one neither waits for it nor is to blame.
        opened.belongs_to_session |= PROCESS.test not in (None, opened.test)


def _note_task(opened: OpenedConnection) -> None:
    """A connection that is opened while a loop runs on its thread belongs to the task, as Django keeps it."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return
    if task is not None:
        opened.task, opened.task_name = weakref.ref(task), task.get_name()

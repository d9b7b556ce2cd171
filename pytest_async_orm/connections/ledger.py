"""The ledger: every connection of the process, from its opening to its close.

Opened: by Django's own signal, which virtual and native connections send too. Closed: `BaseDatabaseWrapper.close`, a
public method, patched once a process as the look-ups in `routing` are, since no signal tells of it.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from asgiref.sync import SyncToAsync
from django.db import connections
from django.db.backends.signals import connection_created

from pytest_async_orm.connections.callsites import stack_from
from pytest_async_orm.connections.entries import Entry
from pytest_async_orm.connections.spawning import SPAWNING
from pytest_async_orm.connections.virtual import VirtualConnection
from pytest_async_orm.records import ConnectionRecord

_UID = "pytest_async_orm.ledger"
# Kept in the connection itself: every cursor asks for it, and a weak dictionary takes five times as long to answer.
ENTRY = "_async_orm_entry"
# Closed connections are kept for the report alone: the newest of them.
_HISTORY = 2000


class Ledger:
    """One a process, as the connections are that it keeps; nothing is kept before `watch`."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.root = ""
        self.watching = False
        # Whether somebody will ask for what was opened: else it is not kept.
        self.judging = False
        self._main = threading.current_thread()
        self._open: dict[int, Entry] = {}
        self._fresh: list[Entry] = []
        self._history: deque[Entry] = deque(maxlen=_HISTORY)
        self._own_hand = threading.local()

    def watch(self) -> None:
        if not self.watching:
            self.watching = True
            self._main = threading.current_thread()
            connection_created.connect(self._opened, dispatch_uid=_UID)

    def unwatch(self) -> None:
        self.watching = self.judging = SPAWNING.noting = False
        connection_created.disconnect(dispatch_uid=_UID)

    def _opened(self, connection: Any, **signal: Any) -> None:  # noqa: ARG002 - the signal protocol
        entry = Entry(connection, self._gone, virtual=isinstance(connection, VirtualConnection))
        origin = SPAWNING.origin()
        frame = sys._getframe(1)
        entry.spot = SPAWNING.spot(frame)
        entry.test, entry.sessions = SPAWNING.test, SPAWNING.test is None
        if origin is not None:
            entry.test, entry.sessions = origin.test or entry.test, origin.test is None
            entry.task_name, entry.executor = origin.task_name, origin.executor
        _note_task(entry)
        entry.registered = not connection.is_copy if entry.virtual else _is_registered(connection)
        entry.owned = entry.task is None and entry.registered and self._is_owned(entry)
        if not entry.owned:
            entry.stack = stack_from(frame)
        with self.changed:
            self._open[id(entry)] = entry
            if self.judging:
                self._fresh.append(entry)
            vars(connection)[ENTRY] = entry

    def _is_owned(self, entry: Entry) -> bool:
        """Whether the plugin or asgiref closes it: the main thread's own, and that of asgiref's one worker."""
        executor = entry.executor() if entry.executor is not None else None
        return entry.thread is self._main or executor is SyncToAsync.single_thread_executor

    def entry_of(self, wrapper: Any) -> Entry | None:
        """The entry of a connection's present or last opening."""
        found: Entry | None = wrapper.__dict__.get(ENTRY)
        return found

    def closed(self, wrapper: Any) -> None:
        """Note a close, with its line, on the thread that closes."""
        entry = self.entry_of(wrapper)
        if entry is not None and entry.closed_time is None:
            spot = SPAWNING.spot(sys._getframe(2))
            self._settle(entry, lambda: entry.closed(spot, by_plugin=self.is_own_hand))

    def asked_to_close(self, wrapper: Any) -> None:
        """Django keeps a SQLite database in memory open, but its user has done what is right."""
        self.closed(wrapper)
        vars(wrapper)["_async_orm_kept"] = True

    def used_again(self, wrapper: Any) -> None:
        """And is its user again with the next statement."""
        del vars(wrapper)["_async_orm_kept"]
        self._opened(wrapper)

    def _gone(self, entry: Entry) -> None:
        """The garbage collector took a connection that nobody closed."""
        if entry.closed_time is None:
            entry.closed(None, by_plugin=False)
            entry.collected = True
            # No lock: a collection may happen while this very thread holds it.
            self._open.pop(id(entry), None)
            self._history.append(entry)

    def _settle(self, entry: Entry, close: Callable[[], None]) -> None:
        with self.changed:
            close()
            if self._open.pop(id(entry), None) is not None:
                self._history.append(entry)
            self.changed.notify_all()

    @property
    def is_own_hand(self) -> bool:
        return bool(getattr(self._own_hand, "closing", False))

    @contextmanager
    def own_hand(self) -> Iterator[None]:
        """Closes in this block are the plugin's: they do not clear a test of its leaks."""
        before, self._own_hand.closing = self.is_own_hand, True
        try:
            yield
        finally:
            self._own_hand.closing = before

    def entries(self) -> list[Entry]:
        """All connections that are kept, in the order in which they were opened."""
        found = [*list(self._history), *list(self._open.values())]
        return sorted(found, key=lambda entry: entry.opened_time)

    def open_entries(self) -> list[Entry]:
        return list(self._open.values())

    def fresh(self) -> list[Entry]:
        """What was opened since the last judgement."""
        with self.changed:
            return list(self._fresh)

    def take_fresh(self) -> list[Entry]:
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

    def retire(self, entries: Iterable[Entry]) -> None:
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
        return [entry.record(self.root) for entry in self.entries()]


def _is_nothing_new(entry: Entry) -> bool:
    return entry.virtual and entry.owned and not entry.reported


def _is_registered(connection: Any) -> bool:
    return any(known is connection for known in connections.all(initialized_only=True))


def _note_task(entry: Entry) -> None:
    """A connection that is opened while a loop runs on its thread belongs to the task, as Django keeps it."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return
    if task is not None:
        entry.task, entry.task_name = weakref.ref(task), task.get_name()


LEDGER = Ledger()

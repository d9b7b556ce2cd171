"""What a call leaves behind: connections, transactions, tasks, coroutines never awaited, warnings, lines of a log."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from conformance.checks.instruments.connections import initialized_connections
from conformance.observations import Leftovers

_NEVER_AWAITED = re.compile(r"coroutine '(?P<name>[^']+)' was never awaited")
# psycopg's and psycopg2's status of a connection that is in no transaction, and in one that goes on.
_IDLE, _IN_TRANSACTION = 0, 2


@dataclass
class Left:
    """Filled while a call is watched."""

    open_before: int = 0
    busy_before: frozenset[int] = frozenset()
    # The connections whose threads had ended: no call uses them any more.
    abandoned: frozenset[int] = frozenset()
    receivers_before: dict[str, int] = field(default_factory=dict)
    tasks: list[str] = field(default_factory=list)
    tasks_before: set[Any] = field(default_factory=set)
    unraisable: list[str] = field(default_factory=list)
    warned: list[warnings.WarningMessage] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)

    def loop_begins(self) -> None:
        """Inside a coroutine, at its beginning: the loop may have tasks of its own."""
        self.tasks_before = asyncio.all_tasks()

    def loop_ends(self) -> None:
        """Inside a coroutine, at its end: the tasks that go on without it."""
        self.tasks.extend(sorted(_task_name(task) for task in asyncio.all_tasks() - self.tasks_before))


class _Lines(logging.Handler):
    """Notes what is at least a warning: its logger, its level and its text before the arguments are put in."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"{record.levelname} of {record.name}: {record.msg}")


class LeftoverWatch:
    """Knows every connection that Django has opened in this process."""

    def __init__(self) -> None:
        from django.db.backends.signals import connection_created

        self._connections: WeakSet[Any] = WeakSet(initialized_connections())
        # The thread that opened each of the others.
        self._threads: WeakKeyDictionary[Any, threading.Thread] = WeakKeyDictionary()
        # How many cursors the server kept for each connection when it was asked last.
        self._cursors: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        connection_created.connect(self._opened, weak=False, dispatch_uid=id(self))

    @contextmanager
    def watching(self) -> Iterator[Left]:
        """Collect warnings, what Django logs, and what cannot be raised while the block runs."""
        # Every thread of a run leaves a closed one; Django tells of it again if it is opened again.
        for each in tuple(self._connections):
            if each.connection is None:
                self._connections.discard(each)
                self._threads.pop(each, None)
        left = Left(self._open(), self.busy(), self._abandoned(), _receivers())
        hook = sys.unraisablehook
        sys.unraisablehook = lambda unraisable: left.unraisable.append(repr(unraisable.exc_value))
        logger, handler = logging.getLogger("django"), _Lines(left.logged)
        logger.addHandler(handler)
        try:
            with warnings.catch_warnings(record=True) as left.warned:
                warnings.simplefilter("always")
                yield left
        finally:
            sys.unraisablehook = hook
            logger.removeHandler(handler)

    def leftovers(self, left: Left) -> Leftovers:
        """What is there after the call that was not there before."""
        texts = [f"{warned.category.__name__}: {warned.message}" for warned in left.warned]
        never = [match["name"] for text in texts if (match := _NEVER_AWAITED.search(text))]
        return Leftovers(
            connections=max(0, self._open() - left.open_before),
            in_transaction=self.in_transaction(left.busy_before),
            cursors=tuple(sorted(self._more_cursors(left.abandoned))),
            receivers=tuple(name for name, now in _receivers().items() if now > left.receivers_before[name]),
            tasks=tuple(left.tasks),
            never_awaited=tuple(sorted(never)),
            unraisable=tuple(left.unraisable),
            warnings=tuple(sorted({text for text in texts if not _NEVER_AWAITED.search(text)})),
            logged=tuple(sorted(set(left.logged))),
        )

    def busy(self) -> frozenset[int]:
        """Which connections are in a transaction now, on any thread: what an earlier call left is not this one's."""
        return frozenset(id(each) for each in tuple(self._connections) if _in_transaction(each))

    def in_transaction(self, before: frozenset[int]) -> tuple[str, ...]:
        """The aliases of the connections that are in a transaction and were not before."""
        found = (each for each in tuple(self._connections) if id(each) not in before)
        return tuple(sorted(each.alias for each in found if _in_transaction(each)))

    def _abandoned(self) -> frozenset[int]:
        return frozenset(id(each) for each, thread in tuple(self._threads.items()) if not thread.is_alive())

    def _more_cursors(self, abandoned: frozenset[int]) -> Iterator[str]:
        """The alias of each connection for which the server keeps more cursors than before: each must be asked."""
        for each in tuple(self._connections):
            if each.vendor == "postgresql" and each.connection is not None and id(each) not in abandoned:
                now = _kept_cursors(each.connection)
                if now > self._cursors.get(each, 0):
                    yield each.alias
                self._cursors[each] = now

    def _open(self) -> int:
        return sum(each.connection is not None for each in tuple(self._connections))

    def _opened(self, connection: Any, **_: Any) -> None:
        self._connections.add(connection)
        self._threads[connection] = threading.current_thread()


def _receivers() -> dict[str, int]:
    """How many receivers each signal of the core has: to those of models the suite itself listens now and then."""
    from django.core import signals
    from django.test.signals import template_rendered

    found = {name: getattr(signals, name) for name in ("got_request_exception", "request_finished", "request_started")}
    return {name: len(signal.receivers) for name, signal in {**found, "template_rendered": template_rendered}.items()}


def _in_transaction(connection: Any) -> bool:
    raw = connection.connection
    if raw is None:
        return False
    if connection.in_atomic_block or not connection.autocommit:
        return True
    status = getattr(getattr(raw, "info", None), "transaction_status", None)
    return bool(getattr(raw, "in_transaction", False) is True or (status is not None and int(status) != _IDLE))


def _kept_cursors(raw: Any) -> int:
    """Asked past Django: it is no statement of the call. A transaction that failed answers nothing; its cursors go."""
    if int(raw.info.transaction_status) not in (_IDLE, _IN_TRANSACTION):
        return 0
    with raw.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pg_cursors WHERE name <> ''")
        return int(cursor.fetchone()[0])


def _task_name(task: asyncio.Task[Any]) -> str:
    return getattr(task.get_coro(), "__qualname__", "a task")

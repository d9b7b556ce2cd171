"""The flushes of a session, one after another: each the plugin's where its outcome is certain, else Django's own."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

from django.db import DatabaseError, connections

from pytest_async_orm.errors import FlushBlocked
from pytest_async_orm.flushing.asking import Database, NotUnderstood
from pytest_async_orm.flushing.flush import Flush, Outcome
from pytest_async_orm.flushing.replaced import Replaced
from pytest_async_orm.flushing.understood import database_for, why_not
from pytest_async_orm.flushing.waiting import Locked, patiently
from pytest_async_orm.messages import flushing as messages
from pytest_async_orm.patches.process import PROCESS


class Flushing:
    """How the transactional tests of a session are flushed."""

    def __init__(self) -> None:
        self.seconds = PROCESS.one(Replaced).seconds or 0.0
        """How long a lock is waited for that somebody holds who does nothing."""
        self.outcomes: dict[str, Outcome] = {}
        """How each alias was flushed last."""
        self._flushes: dict[str, Flush] = {}

    def flush(self, call_command: Callable[..., Any], options: dict[str, Any]) -> None:
        """Flush one database, so that it is as after Django's flush. Raises `FlushBlocked`, and what Django raises."""
        connection = connections[options["database"]]
        attempt = partial(self._attempt, connection, call_command, options)
        try:
            self.outcomes[connection.alias] = attempt()
        except Locked as locked:
            closed = locked.close()
            emptied = closed and _succeeds(attempt)
            raise FlushBlocked(self._blocked(connection, locked, emptied=emptied)) from locked

    def _attempt(self, connection: Any, call_command: Callable[..., Any], options: dict[str, Any]) -> Outcome:
        reason = why_not(connection, options, call_command)
        flush = self._flush_of(connection)
        if reason is None and flush is not None:
            run = partial(flush.run, connection, inhibit=options["inhibit_post_migrate"])
            try:
                return patiently(flush.database, connection, run)
            except NotUnderstood as error:
                reason = str(error)
            except DatabaseError as error:
                reason = messages.failed(error)
        if flush is not None:
            flush.forget()
        _as_django(flush, connection, partial(call_command, "flush", **options))
        return Outcome(frozenset(), not options["inhibit_post_migrate"], reason)

    def _flush_of(self, connection: Any) -> Flush | None:
        if connection.alias not in self._flushes:
            database = database_for(connection, self.seconds)
            if database is None:
                return None
            self._flushes[connection.alias] = Flush(database)
        return self._flushes[connection.alias]

    def _blocked(self, connection: Any, locked: Locked, *, emptied: bool) -> str:
        database = self._flushes[connection.alias].database
        test = os.environ.get("PYTEST_CURRENT_TEST", "a test").rpartition(" (")[0] or "a test"
        sessions = locked.described(database)
        return messages.blocked(test, connection.alias, self.seconds, sessions, emptied=emptied)


def _as_django(flush: Flush | None, connection: Any, djangos: Callable[[], Any]) -> None:
    """Django's own flush, which would wait for ever behind a session that was left open."""
    with ExitStack() as stack:
        if flush is None or connection.in_atomic_block:
            djangos()
            return
        _limit(stack, flush.database, connection)
        patiently(flush.database, connection, djangos)


def _limit(stack: ExitStack, database: Database, connection: Any) -> None:
    """A connection that is broken is Django's to show."""
    limits = database.limits(connection)
    with suppress(DatabaseError):
        limits.__enter__()
        stack.callback(_unlimit, limits)


def _unlimit(limits: Any) -> None:
    with suppress(DatabaseError):
        limits.__exit__(None, None, None)


def _succeeds(attempt: Callable[[], object]) -> bool:
    """Whether another attempt does, now that what was in its way is closed."""
    try:
        attempt()
    except Exception:  # noqa: BLE001 - the first error is the one to tell
        return False
    return True

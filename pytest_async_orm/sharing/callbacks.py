"""`captureOnCommitCallbacks` where the code under test commits: on other threads, on connections of isolated tests.

Django's own looks at the calling thread's connection, on which nothing is left once a shared connection has committed.
While a block captures, shared connections of its alias hand their callbacks to it instead of running them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from pytest_async_orm.frames.stacks import in_event_loop
from pytest_async_orm.patches import targets
from pytest_async_orm.patches.process import PROCESS

if TYPE_CHECKING:
    _Base = BaseDatabaseWrapper
else:
    _Base = object

Callbacks = list[Callable[[], Any]]
# Django's own, where it logs what a robust callback raises.
_LOGGER = logging.getLogger("django.test")


class Captures:
    """The blocks that capture, by alias: how many are open, and what was handed to them."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}
        self._handed: dict[str, list[tuple[Callable[[], Any], bool]]] = {}

    def begin(self, alias: str) -> list[tuple[Callable[[], Any], bool]]:
        """Open a block; return the list that callbacks, and whether each is robust, are appended to."""
        self._open[alias] = self._open.get(alias, 0) + 1
        return self._handed.setdefault(alias, [])

    def end(self, alias: str) -> None:
        """Close a block; the last one forgets what was handed over."""
        self._open[alias] -= 1
        if not self._open[alias]:
            del self._open[alias], self._handed[alias]

    def of(self, alias: str) -> list[tuple[Callable[[], Any], bool]] | None:
        """Where to hand callbacks; None if no block captures."""
        return self._handed.get(alias)


class HandsOverCallbacks(_Base):
    """Mixed into shared connections."""

    def on_commit(self, func: Any, robust: bool = False) -> None:
        """Django's, but in autocommit the callback is handed over instead of run."""
        handed = PROCESS.one(Captures).of(self.alias)
        if handed is None or self.in_atomic_block or not callable(func) or not self.get_autocommit():
            super().on_commit(func, robust)
        else:
            handed.append((func, robust))

    def run_and_clear_commit_hooks(self) -> None:
        """Django's, but the callbacks are handed over instead of run."""
        handed = PROCESS.one(Captures).of(self.alias)
        if handed is None:
            super().run_and_clear_commit_hooks()
        else:
            self.validate_no_atomic_block()
            _move(self, 0, handed)


def _move(connection: Any, start: int, handed: list[tuple[Callable[[], Any], bool]]) -> None:
    pending = connection.run_on_commit[start:]
    connection.run_on_commit = connection.run_on_commit[:start]
    handed += [(func, robust) for _, func, robust in pending]


def install() -> None:
    """Let Django's `TestCase.captureOnCommitCallbacks`, and so pytest-django's fixture, see shared connections."""
    PROCESS.patches.install(targets.CAPTURE_CALLBACKS, _capturing)


def _capturing(original: Callable[..., Any]) -> Callable[..., Any]:
    def captureOnCommitCallbacks(  # noqa: N802 - it stands for that method
        cls: Any, *, using: str = DEFAULT_DB_ALIAS, execute: bool = False
    ) -> AbstractContextManager[Callbacks]:
        return _captured(partial(original, cls), using, execute)

    return captureOnCommitCallbacks


@contextmanager
def _captured(original: Callable[..., Any], using: str, execute: bool) -> Iterator[Callbacks]:
    connection = connections[using]
    shared = isinstance(connection, HandsOverCallbacks)
    start = len(connection.run_on_commit)
    captures = PROCESS.one(Captures)
    handed = captures.begin(using)
    first = len(handed)
    nothing: Callbacks = []
    try:
        with nullcontext(nothing) if shared else original(using=using, execute=execute) as callbacks:
            try:
                yield callbacks
            finally:
                if shared:
                    _move(connection, start, handed)
                if len(handed) > first:
                    outside_of_loop(lambda: _take(handed, first, callbacks, execute))
    finally:
        captures.end(using)


def _take(handed: list[tuple[Callable[[], Any], bool]], first: int, callbacks: Callbacks, execute: bool) -> None:
    """Callbacks may hand over more while they run."""
    while first < len(handed):
        func, robust = handed[first]
        first += 1
        callbacks.append(func)
        if execute:
            _run(func, robust)


def _run(func: Callable[[], Any], robust: bool) -> None:
    try:
        func()
    except Exception as error:
        if not robust:
            raise
        # In Django's own words.
        text = "Error calling %s in on_commit() (%s)."
        _LOGGER.error(text, getattr(func, "__qualname__", func), error, exc_info=True)


def outside_of_loop(call: Callable[[], None]) -> None:
    """Make a call on a thread where no event loop runs, as the callbacks of a commit are called in production."""
    if not in_event_loop():
        call()
        return
    outcome: Future[None] = Future()
    context = copy_context()
    thread = threading.Thread(target=lambda: context.run(_call_and_close, call, outcome), name="on_commit callbacks")
    thread.start()
    thread.join()
    outcome.result()


def _call_and_close(call: Callable[[], None], outcome: Future[None]) -> None:
    try:
        call()
    except BaseException as error:  # noqa: BLE001 - it is raised again where the block ends
        connections.close_all()
        outcome.set_exception(error)
    else:
        connections.close_all()
        outcome.set_result(None)

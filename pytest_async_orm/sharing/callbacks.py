"""`captureOnCommitCallbacks` where the code under test commits: on other threads, on connections of isolated tests.

Django's own looks at the calling thread's connection, on which nothing is left once a shared connection has committed.
While a block captures, shared connections of its alias hand their callbacks to it instead of running them; those of a
test that keeps its own transaction stay on its connection, as Django has it, and both are taken in one order.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, NamedTuple

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


class Handed(NamedTuple):
    """A callback that a shared connection has handed over."""

    func: Callable[[], Any]
    robust: bool
    behind: tuple[Any, ...]
    """What the test's own connection had noted by then: Django's entries, by which the order is told."""


class Captures:
    """The blocks that capture, by alias: how many are open, and what was handed to them."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}
        self._handed: dict[str, list[Handed]] = {}

    def begin(self, alias: str) -> list[Handed]:
        """Open a block; return the list that callbacks are appended to."""
        self._open[alias] = self._open.get(alias, 0) + 1
        return self._handed.setdefault(alias, [])

    def end(self, alias: str) -> None:
        """Close a block; the last one forgets what was handed over."""
        self._open[alias] -= 1
        if not self._open[alias]:
            del self._open[alias], self._handed[alias]

    def of(self, alias: str) -> list[Handed] | None:
        """Where to hand callbacks; None if no block captures."""
        return self._handed.get(alias)


class HandsOverCallbacks(_Base):
    """Mixed into shared connections."""

    lease: Any

    def on_commit(self, func: Any, robust: bool = False) -> None:
        """Django's, but in autocommit the callback is handed over instead of run."""
        handed = PROCESS.one(Captures).of(self.alias)
        if handed is None or self.in_atomic_block or not callable(func) or not self.get_autocommit():
            super().on_commit(func, robust)
        else:
            handed.append(Handed(func, robust, _noted_by_test(self)))

    def run_and_clear_commit_hooks(self) -> None:
        """Django's, but the callbacks are handed over instead of run."""
        handed = PROCESS.one(Captures).of(self.alias)
        if handed is None:
            super().run_and_clear_commit_hooks()
        else:
            self.validate_no_atomic_block()
            _move(self, 0, handed)


def _noted_by_test(connection: HandsOverCallbacks) -> tuple[Any, ...]:
    return tuple(connection.lease.shared.wrapper.run_on_commit)


def _move(connection: Any, start: int, handed: list[Handed]) -> None:
    pending = connection.run_on_commit[start:]
    connection.run_on_commit = connection.run_on_commit[:start]
    behind = _noted_by_test(connection)
    handed += [Handed(func, robust, behind) for _, func, robust in pending]


def install() -> None:
    """Let Django's `TestCase.captureOnCommitCallbacks`, and so pytest-django's fixture, see shared connections."""
    PROCESS.patches.install(targets.CAPTURE_CALLBACKS, _capturing)


def _capturing(original: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ARG001 - the protocol of replacements
    def captureOnCommitCallbacks(  # noqa: N802 - it stands for that method
        cls: Any,  # noqa: ARG001 - as Django's
        *,
        using: str = DEFAULT_DB_ALIAS,
        execute: bool = False,
    ) -> AbstractContextManager[Callbacks]:
        return _captured(using, execute)

    return captureOnCommitCallbacks


@contextmanager
def _captured(using: str, execute: bool) -> Iterator[Callbacks]:
    connection: Any = connections[using]
    shared = isinstance(connection, HandsOverCallbacks)
    # Where the test keeps its transaction, callbacks of its own thread are noted there, and are never run.
    own = connection.lease.shared.wrapper if shared else connection
    captures = PROCESS.one(Captures)
    capture = _Capture(own, captures.begin(using))
    start = len(connection.run_on_commit)
    try:
        yield capture.callbacks
    finally:
        if shared:
            _move(connection, start, capture.handed)
        try:
            if next(capture.fresh(), None) is not None:
                outside_of_loop(lambda: capture.take(execute))
        finally:
            captures.end(using)


class _Capture:
    """What one block finds: on the test's own connection, and of what shared connections hand over."""

    def __init__(self, own: Any, handed: list[Handed]) -> None:
        self.callbacks: Callbacks = []
        self.handed = handed
        self._own = own
        self._start = len(own.run_on_commit)
        self._first = len(handed)
        self._taken: list[Any] = []

    def take(self, execute: bool) -> None:
        """Callbacks may add more while they run."""
        while found := list(self.fresh()):
            for entry, func, robust in found:
                self._taken.append(entry)
                self.callbacks.append(func)
                if execute:
                    _run(func, robust)

    def fresh(self) -> Iterator[tuple[Any, Callable[[], Any], bool]]:
        """What was not taken yet, in the order of commits: each with its entry, by which it is known again."""
        own = self._own.run_on_commit[self._start :]
        handed = self.handed[self._first :]
        places = [_place(own, one.behind) for one in handed]
        for at in range(len(own) + 1):
            found = [(one, one.func, one.robust) for one, place in zip(handed, places, strict=True) if place == at]
            found += [(entry, entry[1], entry[2]) for entry in own[at : at + 1]]
            yield from (each for each in found if not _is_in(each[0], self._taken))


def _place(own: Sequence[Any], behind: Sequence[Any]) -> int:
    """Before which of the test's own entries something belongs that came behind some of them."""
    return max((at + 1 for at, entry in enumerate(own) if _is_in(entry, behind)), default=0)


def _is_in(entry: Any, entries: Iterable[Any]) -> bool:
    return any(entry is one for one in entries)


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

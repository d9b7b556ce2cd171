"""What the code that a call reaches (receivers, middleware, views, tasks) saw of its arguments and its thread."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from conformance.checks.instruments.probe import touch

if TYPE_CHECKING:
    from conformance.checks.recorder import Recorder


# Keys that differ from run to run by design.
_KEY = re.compile(r"\b[A-Za-z0-9]{32}\b")
# The thread that asgiref gives to thread-sensitive code, once the witness knows it.
SENSITIVE: set[int] = set()


class Journal:
    """One for each side of an example. Give `state` to `Sides.held`, and the judges compare what was noted.

    Where the code ran on a thread that it must not run on, or without the caller's context variables, the note says so.
    """

    def __init__(self, recorder: Recorder, *, threads: Collection[int] | None = None) -> None:
        """`threads` are those that synchronous code may run on; by default the caller's, and asgiref's for such code.

        Empty, they are the one that it runs on first: a request has a thread of its own under ASGI.
        """
        self._recorder = recorder
        self._threads = {threading.get_ident(), *SENSITIVE} if threads is None else set(threads)
        self._sync: list[tuple[Any, ...]] = []
        self._async: list[tuple[Any, ...]] = []
        self._steps: list[tuple[Any, ...]] = []
        self._logged: list[tuple[str, str]] = []

    def sync(self, *what: Any) -> None:
        """Called in synchronous code, which the loop must not wait for."""
        if self._recorder.before is not None:
            self._recorder.before()
        self._sync.append((*what, *self._astray(), *_context()))

    def coroutine(self, *what: Any) -> None:
        """Called in asynchronous code."""
        self._async.append((*what, *(() if loop_runs() else ("without an event loop",)), *_context()))

    def step(self, *what: Any, coroutine: bool) -> None:
        """Called in code of either kind, where one thing happens after the other: one list for both."""
        astray = () if coroutine else self._astray()
        self._steps.append((*what, *astray, *_context()))

    def state(self) -> tuple[Any, ...]:
        """The notes of synchronous and of asynchronous code, each in order, the steps, and what was logged.

        The first two are apart because nothing promises an order between them where they run at the same time.
        """
        return tuple(self._sync), tuple(self._async), tuple(self._steps), tuple(self._logged)

    def logged(self) -> tuple[tuple[str, str], ...]:
        """The levels and messages that loggers were told while `logging` was open."""
        return tuple(self._logged)

    def events(self) -> list[str]:
        """What was noted first in each note, of both kinds: for a call that does one thing after the other."""
        return [note[0] for note in (*self._sync, *self._async)]

    @contextmanager
    def logging(self, name: str) -> Iterator[None]:
        """Note what a logger is told while the block runs, and keep it from all other handlers."""
        logger, handler = logging.getLogger(name), _Notes(self._logged)
        before = logger.propagate, logger.handlers
        logger.propagate, logger.handlers = False, [handler]
        try:
            yield
        finally:
            logger.propagate, logger.handlers = before

    def _astray(self) -> tuple[str, ...]:
        if loop_runs():
            return ("on the event loop's thread",)
        thread = threading.get_ident()
        self._threads = self._threads or {thread}
        return () if thread in self._threads else ("on a thread that is not for thread-sensitive code",)


def _context() -> tuple[str, ...]:
    return ("without the caller's context",) if touch() is None else ()


class _Notes(logging.Handler):
    def __init__(self, notes: list[tuple[str, str]]) -> None:
        super().__init__()
        self._notes = notes

    def emit(self, record: logging.LogRecord) -> None:
        self._notes.append((record.levelname, _KEY.sub("<key>", record.getMessage())))


def loop_runs() -> bool:
    """Whether an event loop runs on this thread, so that synchronous code here would hold it up."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True

"""Transactions that go on while tests begin and end: of a scheduler, a consumer, a poller that is older than the test.

Django's `atomic` looks its connection up when it begins and again when it ends. Between the two it must be one and the
same, or it would end what it has not begun, and leave open what it has.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import connections

from pytest_async_orm.frames.workers import Work, call_of
from pytest_async_orm.patches.handler import own_of
from pytest_async_orm.patches.process import PROCESS

if TYPE_CHECKING:
    from pytest_async_orm.sharing.hosting import Host
    from pytest_async_orm.sharing.sandbox import Sandbox


def begun_before(sandbox: Any, alias: str) -> Any:
    """The calling thread's own connection, if it has a transaction open on it that began outside of a sandbox; None if
    there is none, or if it works for the sandbox's test by now.
    """
    own = own_of(connections, alias)
    if own is None or not own.in_atomic_block or sandbox.is_shared(own):
        return None
    return own if works_for_nobody() else None


def works_for_nobody() -> bool:
    """Whether nothing tells that the calling thread works for a test that is not over."""
    origin = present_origin()
    return origin is None or origin.ended


def present_origin() -> Any:
    """The sandbox of the test for which the calling thread works; None if nothing tells."""
    router = PROCESS.router
    return router.origin() if router is not None else None


class Unfinished:
    """Threads that are older than a test which has ended, and in the middle of a transaction on its connection."""

    def __init__(self) -> None:
        self._left: dict[threading.Thread, tuple[Sandbox | Host, Work]] = {}

    def __bool__(self) -> bool:
        return bool(self._left)

    def note(self, sandbox: Sandbox | Host, threads: Iterable[threading.Thread]) -> None:
        """A sandbox has ended while threads were in the middle of transactions on its connections."""
        for thread in threads:
            if call := call_of(thread):
                self._left[thread] = (sandbox, Work(call))

    def here(self, alias: str) -> Sandbox | Host | None:
        """Who has the connection on which the calling thread's block is still open: it refuses statements, and lets
        the block end.
        """
        thread = threading.current_thread()
        sandbox, work = self._left.get(thread, (None, None))
        if sandbox is None or work is None:
            return None
        left = [connection.alias for connection in sandbox.opened() if connection.in_atomic_block]
        if not left or not work.goes_on(thread):
            self._left.pop(thread, None)
        return sandbox if alias in left and thread in self._left else None

    def forget_finished(self) -> None:
        """Forget the threads that are at other work by now."""
        for thread, (_, work) in list(self._left.items()):
            if not work.goes_on(thread):
                self._left.pop(thread, None)

"""The sandboxes of a session, innermost last: session, module, class, test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import Any

from pytest_async_orm.sharing.leftovers import goes_on
from pytest_async_orm.sharing.routing import route_by
from pytest_async_orm.sharing.sandbox import Sandbox, SandboxEnd

# The sandbox that the current task or thread was started under, where a context tells: it travels with tasks,
# `sync_to_async` and `to_thread`, so that work which outlives its test is known wherever it turns up.
ORIGIN: ContextVar[Sandbox | None] = ContextVar("async_orm_sandbox", default=None)


class Layers:
    """Decides which sandbox, if any, answers for a connection."""

    def __init__(self) -> None:
        # None stands for a stretch in which pytest-django and a sync test see the real connections.
        self._stack: list[Sandbox | None] = []
        self._stragglers: dict[threading.Thread, tuple[Sandbox, FrameType | None]] = {}

    @property
    def top(self) -> Sandbox | None:
        return self._stack[-1] if self._stack else None

    @property
    def isolating(self) -> Sandbox | None:
        """The innermost sandbox, if it answers for every thread."""
        top = self.top
        return None if top is None or top.for_guests else top

    @property
    def depth(self) -> int:
        return sum(sandbox is not None for sandbox in self._stack)

    def suspend(self) -> None:
        """Show the real connections until `resume`."""
        route_by(self)
        self._stack.append(None)

    def resume(self) -> None:
        self._stack.pop()
        self._forget_finished()
        if not self._stack and not self._stragglers:
            route_by(None)

    def push(self, sandbox: Sandbox) -> None:
        route_by(self)
        self._stack.append(sandbox)

    def pop(self) -> SandboxEnd:
        """End the innermost sandbox. It stays in place while its threads get their grace."""
        sandbox = self._stack[-1]
        assert sandbox is not None
        try:
            return sandbox.end()
        finally:
            self._stragglers.update({thread: (sandbox, call) for thread, call in sandbox.stragglers().items()})
            self._stack.pop()

    def route(self, alias: str) -> Sandbox | None:
        origin = ORIGIN.get()
        if origin is not None and origin.refuses_work:
            raise origin.refusal(alias, self._current_test())
        if origin is None and self._stragglers:
            self._refuse_straggler(alias)
        top = self.top
        return top if top is not None and top.covers(alias) else None

    def covering(self, alias: str) -> str | None:
        top = self.top
        return top.test if top is not None and not top.for_guests and top.isolates(alias) else None

    def before_rollback(self) -> None:
        """Django is about to roll back what a test case has done."""
        if self.top is not None:
            self.top.before_rollback()

    def opened(self) -> list[Any]:
        return self.top.opened() if self.top is not None else []

    def _refuse_straggler(self, alias: str) -> None:
        thread = threading.current_thread()
        found = self._stragglers.get(thread)
        if found is None:
            return
        sandbox, call = found
        if goes_on(thread, call):
            raise sandbox.refusal(alias, self._current_test())
        del self._stragglers[thread]

    def _forget_finished(self) -> None:
        for thread, (_, call) in list(self._stragglers.items()):
            if not goes_on(thread, call):
                self._stragglers.pop(thread, None)

    def _current_test(self) -> str | None:
        return self.top.test if self.top is not None else None


@contextmanager
def work_of(sandbox: Sandbox | None) -> Iterator[None]:
    """Attribute what starts inside the block to a sandbox, or (None) to no test."""
    token = ORIGIN.set(sandbox)
    try:
        yield
    finally:
        ORIGIN.reset(token)

"""The sandboxes of a session, innermost last: session, module, class, test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from pytest_async_orm.frames import handoff
from pytest_async_orm.sharing.hosting import Host
from pytest_async_orm.sharing.origin import ORIGIN
from pytest_async_orm.sharing.routing import route_by

if TYPE_CHECKING:
    from pytest_async_orm.frames.workers import Work
    from pytest_async_orm.sharing.ending import SandboxEnd
    from pytest_async_orm.sharing.going_on import Unfinished
    from pytest_async_orm.sharing.sandbox import Sandbox

__all__ = ["ORIGIN", "Layers", "work_of"]

_SUSPENDED: Final = "suspended"
"""A stretch in which pytest-django and a sync test see the real connections."""
_REAL: Final = "real"
"""The same for a transactional test: whoever comes is let in, as without the plugin."""


class Layers:
    """Decides which sandbox, if any, answers for a connection."""

    def __init__(self) -> None:
        self._stack: list[Sandbox | Host | str] = []
        self._stragglers: dict[threading.Thread, tuple[Sandbox | Host, Work]] = {}
        self._pausing: WeakKeyDictionary[Any, Work] = WeakKeyDictionary()
        self._unfinished: Unfinished | None = None
        self.top: Sandbox | Host | None = None
        """The innermost sandbox; None where the real connections show."""
        self.host: Host | None = None
        """The innermost sandbox, if it is for guests alone."""
        self.shows_real = False
        """Whether the real connections show, and no thread goes on with what an earlier test had to do with."""

    @property
    def isolating(self) -> Sandbox | None:
        """The innermost sandbox, if it answers for every thread."""
        top = self.top
        return None if isinstance(top, Host) else top

    @property
    def depth(self) -> int:
        """How many sandboxes there are, hidden ones too."""
        return sum(not isinstance(layer, str) for layer in self._stack)

    def suspend(self, *, transactional: bool = False) -> None:
        """Show the real connections until `resume`; to every thread, if a transactional test uses them."""
        route_by(self)
        self._append(_REAL if transactional else _SUSPENDED)

    def resume(self) -> None:
        """End what `suspend` began."""
        self._remove()
        _release_idle()
        self._forget_finished()
        if not self._stack and not self._stragglers and not self._unfinished:
            route_by(None)

    def push(self, sandbox: Sandbox | Host) -> None:
        """Let a sandbox answer from now on."""
        route_by(self)
        self._append(sandbox)

    def pop(self) -> SandboxEnd:
        """End the innermost sandbox. It stays in place while its threads get their grace."""
        sandbox = self.top
        assert sandbox is not None
        try:
            return sandbox.end()
        finally:
            if self.host is None or self.host.had_guests:
                self._note_what_goes_on(sandbox)
            self._remove()

    def _note_what_goes_on(self, sandbox: Sandbox | Host) -> None:
        _release_idle()
        self._stragglers.update({thread: (sandbox, work) for thread, work in sandbox.stragglers().items()})
        if threads := sandbox.unfinished():
            from pytest_async_orm.sharing.going_on import Unfinished

            self._unfinished = self._unfinished or Unfinished()
            self._unfinished.note(sandbox, threads)

    def _append(self, layer: Sandbox | Host | str) -> None:
        self._stack.append(layer)
        self._note_top()

    def _remove(self) -> None:
        self._stack.pop()
        self._note_top()

    def _note_top(self) -> None:
        top = self._stack[-1] if self._stack else None
        self.top = top = None if isinstance(top, str) else top
        self.host = top if isinstance(top, Host) else None
        self.shows_real = top is None and not self._stragglers and not self._unfinished

    def route(self, alias: str) -> Sandbox | Host | None:
        """Who answers for an alias on the calling thread; None for the real connection. Raises `SandboxEnded` for work
        of an earlier test.
        """
        origin = self.origin()
        if origin is not None and origin.refuses_work and not self._lets_in_everybody and origin.has_shared(alias):
            raise origin.refusal(alias, self._current_test())
        if self._unfinished and (left := self._unfinished.here(alias)) is not None:
            return left
        top = self.top
        return top if top is not None and top.covers(alias) else None

    def origin(self) -> Any:
        """The sandbox of the test for which the calling thread works: by the hand-over of its call, by its context, or
        as a thread that goes on with an earlier test's work; None if nothing tells.
        """
        origin = ORIGIN.get()
        if origin is not None and not origin.ended:
            # A task of the present test, on a loop that an earlier one's call runs perhaps.
            return origin
        call = handoff.present_call()
        if call is not None:
            origin = call.origin
        elif origin is not None and self._is_at_next_turn():
            ORIGIN.set(None)
            return None
        return self._of_straggler(origin, call) if self._stragglers else origin

    @property
    def _lets_in_everybody(self) -> bool:
        return bool(self._stack) and self._stack[-1] == _REAL

    def covering(self, alias: str) -> str | None:
        """The test whose sandbox covers an alias; None if there is none."""
        top = self.top
        return top.test if top is not None and not top.for_guests and top.isolates(alias) else None

    def before_rollback(self) -> None:
        """Django is about to roll back what a test case has done."""
        if (top := self.top) is not None:
            top.before_rollback()

    def after_rollback(self) -> None:
        """It has: the same call may open another transaction, with guests of its own."""
        if (host := self.host) is not None and host.ended and threading.get_ident() == host.thread:
            self._note_what_goes_on(host)
            self._stack[-1] = following = host.following()
            self._note_top()
            ORIGIN.set(following)

    def opened(self) -> list[Any]:
        """The calling thread's connections of the innermost sandbox."""
        top = self.top
        return top.opened() if top is not None else []

    def note_pausing(self, tasks: Mapping[Any, Work]) -> None:
        """Tasks that are between two turns of a loop while their test ends: the next one is no work of the test."""
        self._pausing.update(tasks)

    def _is_at_next_turn(self) -> bool:
        try:
            work = self._pausing.get(asyncio.current_task()) if self._pausing else None
        except RuntimeError:
            return False
        return work is not None and not work.goes_on(threading.current_thread())

    def _of_straggler(self, origin: Any, call: handoff.Call | None) -> Any:
        """For which sandbox the calling thread works, of which `origin` is told by its call or its context: for none if
        it has ended what it did for that one. Several threads may forget one at a time.
        """
        thread = threading.current_thread()
        sandbox, work = self._stragglers.get(thread, (None, None))
        if work is None or work.goes_on(thread):
            return sandbox if origin is None and call is None else origin
        self._stragglers.pop(thread, None)
        if origin is None or origin is not sandbox:
            return origin
        if call is None:
            ORIGIN.set(None)
        else:
            call.origin = None
        return None

    def _forget_finished(self) -> None:
        if not (self._unfinished or self._stragglers):
            return
        if self._unfinished:
            self._unfinished.forget_finished()
        for thread, (sandbox, work) in list(self._stragglers.items()):
            if work.goes_on(thread):
                self._stragglers[thread] = sandbox, work.renewed(thread)
            elif not work.repeats(thread):
                # Who is at another turn lets go of its call's or its context's test itself: nobody else reaches both.
                self._stragglers.pop(thread, None)
        self._note_top()

    def _current_test(self) -> str | None:
        top = self.top
        return top.test if top is not None else None


def _release_idle() -> None:
    """With no other thread nobody waits inside of a call of an ended test."""
    if threading.active_count() > 1:
        from pytest_async_orm.sharing.leftovers import release_idle

        release_idle()


@contextmanager
def work_of(sandbox: Sandbox | None) -> Iterator[None]:
    """Attribute what starts inside the block to a sandbox, or (None) to no test."""
    token = ORIGIN.set(sandbox)
    try:
        yield
    finally:
        ORIGIN.reset(token)

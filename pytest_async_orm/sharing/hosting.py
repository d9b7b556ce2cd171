"""A test that keeps its own transaction, and the guests that join it from other threads.

The test's own thread has Django's connection, as without the plugin, and its state is left alone. Any other thread, and
a task on an event loop, that asks for a connection whose test transaction is open becomes a guest: it gets a virtual
connection over the same raw one. Most tests have no guests: what they need is made, and imported, when the first one
comes (see `guests`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from django.db.backends.base.base import BaseDatabaseWrapper

from pytest_async_orm.frames.stacks import in_event_loop
from pytest_async_orm.patches.atomics import in_test_transaction
from pytest_async_orm.sharing import by_hand
from pytest_async_orm.sharing.ending import SandboxEnd
from pytest_async_orm.sharing.real import can_be_shared

if TYPE_CHECKING:
    from pytest_async_orm.sharing.guests import Guests
    from pytest_async_orm.sharing.leftovers import ThreadWatch


class Host:
    """A test's own connections, open to guests from `start` to `end`. Until a guest comes it changes nothing."""

    for_guests = True

    def __init__(self, test: str, timeout: float) -> None:
        """`timeout`: seconds that a guest, or the test, waits for its turn. Made on the test's own thread."""
        self.test = test
        self.timeout = timeout
        self.thread = threading.get_ident()
        """The number of the test's own thread."""
        self.wrappers: dict[str, BaseDatabaseWrapper] = {}
        self.own_thread = threading.current_thread()
        self._chunked_cursors: WeakSet[Any] | None = None
        self._threads = _threads_before()
        self._guests: Guests | None = None
        self._end: SandboxEnd | None = None
        self._before: SandboxEnd | None = None
        self._outer: dict[str, int] = {}

    def start(self, wrappers: Sequence[BaseDatabaseWrapper]) -> None:
        """Open the test's connections to guests, those of a transaction that is opened later too."""
        self.wrappers = {wrapper.alias: wrapper for wrapper in wrappers}
        for wrapper in wrappers:
            vars(wrapper)[_OBSOLETE] = partial(_close_if_obsolete, wrapper)
            if wrapper.vendor == "postgresql":
                vars(wrapper)[_CHUNKED] = partial(self._chunked_cursor, wrapper)

    def following(self) -> Host:
        """For the next transaction of the same call, which Hypothesis opens for each example: guests of this one are
        none of that one's, and nobody joins what surrounds both, which is a class's.
        """
        host = Host(self.test, self.timeout)
        host._before = self._end
        host._outer = {alias: len(wrapper.atomic_blocks) for alias, wrapper in self.wrappers.items()}
        host.start(list(self.wrappers.values()))
        return host

    def _chunked_cursor(self, wrapper: BaseDatabaseWrapper) -> Any:
        """Django's, one of the server's, which asks it for each batch: remembered, since generators hold it."""
        cursor = type(wrapper).chunked_cursor(wrapper)
        if self._chunked_cursors is None:
            self._chunked_cursors = WeakSet()
        self._chunked_cursors.add(cursor)
        return cursor

    @property
    def chunked_cursors(self) -> Iterable[Any]:
        """The cursors of the test's own thread that guests' statements must not meet."""
        return self._chunked_cursors or ()

    @property
    def ended(self) -> bool:
        """Whether guests are let in no more."""
        return self._end is not None or (self._guests is not None and self._guests.ended)

    def isolates(self, alias: str) -> bool:
        """Whether a guest can join: the test has its own transaction open on that database, and nobody has closed the
        connection in it.
        """
        wrapper = self.wrappers.get(alias)
        if wrapper is None or self.ended or wrapper.closed_in_transaction:
            return False
        if self._outer and len(wrapper.atomic_blocks) <= self._outer[alias]:
            return False
        return in_test_transaction(wrapper) and can_be_shared(wrapper)

    def has_shared(self, alias: str) -> bool:
        """Whether a guest has joined on an alias."""
        return self._guests is not None and self._guests.has_shared(alias)

    def covers(self, alias: str) -> bool:
        """Whether the calling thread is a guest's. Databases without a transaction of the test are Django's own."""
        at_home = threading.get_ident() == self.thread and not in_event_loop()
        if at_home or self._guests is None or not self._guests.ending:
            return not at_home and self.isolates(alias)
        return self._guests.in_block(alias) or (self.isolates(alias) and not self._guests.lets_go(alias))

    def get(self, alias: str) -> Any:
        """The connection of the guest that asks."""
        return (self._guests or self._joined()).get(alias)

    def put(self, alias: str, connection: Any) -> None:
        """Let a connection of the application's own be the guest's."""
        self._joined().put(alias, connection)

    def drop(self, alias: str) -> None:
        """Forget the guest's connection. Raises AttributeError if there is none, as Django does."""
        self._joined().drop(alias)

    def opened(self) -> list[Any]:
        """The connections of the guest that asks, as far as it has asked for them."""
        return self._guests.opened() if self._guests is not None else []

    def _joined(self) -> Guests:
        with _JOINING:
            if self._guests is None:
                from pytest_async_orm.sharing.guests import Guests
                from pytest_async_orm.sharing.leftovers import ThreadWatch

                self._guests = Guests(self, self._threads or ThreadWatch({self.own_thread: None}))
            return self._guests

    @property
    def has_guests(self) -> bool:
        """Whether anybody has joined so far."""
        return self._guests is not None and self._guests.have_come

    @property
    def had_guests(self) -> bool:
        """Whether anybody has joined in the same call."""
        return self.has_guests or self._before is not None

    @property
    def refuses_work(self) -> bool:
        """Work that outlives a test without guests never had anything to do with its transaction."""
        return self.ended and self.has_guests and threading.get_ident() != self.thread

    def refusal(self, alias: str, current: str | None) -> Exception:
        """The error for a guest that outlived this test; `current` is the test that runs now, None between tests."""
        return self._joined().refusal(alias, current)

    def before_rollback(self) -> None:
        """End before the test's transaction does: a guest's statement after that would be in the next test's."""
        if self.has_guests and threading.get_ident() == self.thread:
            self.end()

    def end(self) -> SandboxEnd:
        """Wait for guests, stop what still runs, and leave the test's connections as they were."""
        if self._end is None:
            self._end = self._guests.end() if self._guests is not None and self.has_guests else SandboxEnd()
            if self._before is not None:
                self._end.leftovers[:0] = self._before.leftovers
            for wrapper in self.wrappers.values():
                vars(wrapper).pop(_OBSOLETE, None)
                vars(wrapper).pop(_CHUNKED, None)
                if (owner := by_hand.earlier(wrapper)) is not None:
                    owner.end_transaction()
        return self._end

    def unfinished(self) -> list[threading.Thread]:
        """Guests in the middle of a transaction that was rolled back."""
        return self._guests.unfinished() if self._guests is not None else []

    def stragglers(self) -> dict[threading.Thread, Any]:
        """Without guests nobody goes on with what the test did to its database."""
        return self._guests.stragglers() if self._guests is not None and self.has_guests else {}


# Several threads may be the first guest.
_JOINING = threading.Lock()
_OBSOLETE = "close_if_unusable_or_obsolete"
_CHUNKED = "chunked_cursor"


def _threads_before() -> ThreadWatch | None:
    """The threads that run beside the calling one, to know the test's own from them; None if there are none."""
    if threading.active_count() == 1:
        return None
    from pytest_async_orm.sharing.leftovers import ThreadWatch

    return ThreadWatch()


def _close_if_obsolete(wrapper: BaseDatabaseWrapper) -> None:
    """Django's, but not for the open transaction of a test: a coroutine's thread-sensitive call runs on the test's own
    thread, where `close_old_connections()` of a library would end it.
    """
    if not in_test_transaction(wrapper):
        type(wrapper).close_if_unusable_or_obsolete(wrapper)

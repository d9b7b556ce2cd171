"""A test that keeps its own transaction, and the guests that join it from other threads.

The test's own thread has Django's connection, as without the plugin, and its state is left alone. Any other thread, and
a task on an event loop, that asks for a connection whose test transaction is open becomes a guest: it gets a virtual
connection over the same raw one, and from then on the test's own statements take turns with the guests'. A guest's
transaction is a savepoint inside whatever block the test has open. The test never keeps the turn between two
statements, since it may have a block open and wait for a guest.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from pytest_async_orm.drivers.calls import params_of
from pytest_async_orm.frames.stacks import in_event_loop
from pytest_async_orm.patches import targets
from pytest_async_orm.patches.atomics import in_test_transaction
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.sharing.cursors import cursor_over
from pytest_async_orm.sharing.lease import Lease
from pytest_async_orm.sharing.sandbox import GRACE_SECONDS, Sandbox, SandboxEnd
from pytest_async_orm.sharing.shared_connection import STANDING, SharedConnection


class Host(Sandbox):
    """A test's own connections, open to guests from `start` to `end`. Until a guest comes it changes nothing."""

    for_guests = True

    def __init__(self, test: str, timeout: float) -> None:
        """`timeout`: seconds that a guest, or the test, waits for its turn. Made on the test's own thread."""
        super().__init__(test, timeout)
        self._wrappers: dict[str, BaseDatabaseWrapper] = {}
        self._own_thread = threading.get_ident()
        self._joining = threading.Lock()
        self._end: SandboxEnd | None = None

    def start(self, wrappers: Sequence[BaseDatabaseWrapper]) -> None:
        """Open the test's connections to guests, those of a transaction that is opened later too."""
        self._wrappers = {wrapper.alias: wrapper for wrapper in wrappers}
        for wrapper in wrappers:
            vars(wrapper)[_OBSOLETE] = partial(_close_if_obsolete, wrapper)

    def isolates(self, alias: str) -> bool:
        """Whether a guest can join: the test has its own transaction open on that database."""
        wrapper = self._wrappers.get(alias)
        return wrapper is not None and not self.ended and in_test_transaction(wrapper)

    def covers(self, alias: str) -> bool:
        """Whether the calling thread is a guest's. Databases without a transaction of the test are Django's own."""
        at_home = threading.get_ident() == self._own_thread and not in_event_loop()
        return not at_home and self.isolates(alias)

    @property
    def has_guests(self) -> bool:
        """Whether anybody has joined so far."""
        return bool(self._shared)

    @property
    def refuses_work(self) -> bool:
        """Work that outlives a test without guests never had anything to do with its transaction."""
        return self.ended and self.has_guests and threading.get_ident() != self._own_thread

    def _new(self, alias: str) -> Any:
        with self._joining:
            if alias not in self._shared:
                PROCESS.patches.install(targets.ROLL_BACK_TEST, _rolling_back)
                self._shared[alias] = HostedConnection(self._wrappers[alias], self.test, self.timeout)
        return super()._new(alias)

    def before_rollback(self) -> None:
        """End before the test's transaction does: a guest's statement after that would be in the next test's."""
        if self.has_guests and threading.get_ident() == self._own_thread:
            self.end()

    def end(self) -> SandboxEnd:
        """Wait for guests, stop what still runs, and leave the test's connections as they were."""
        if self._end is None:
            self._end = super().end() if self.has_guests else SandboxEnd()
            self.ended = True
            for wrapper in self._wrappers.values():
                vars(wrapper).pop(_OBSOLETE, None)
        return self._end

    def _finish(self, shared: SharedConnection, ending: SandboxEnd) -> None:  # noqa: ARG002 - the test keeps its own
        shared.finish(lambda: self.refusal(shared.alias, None), GRACE_SECONDS)

    def stragglers(self) -> dict[threading.Thread, Any]:
        """Without guests nobody goes on with what the test did to its database."""
        return super().stragglers() if self.has_guests else {}


_OBSOLETE = "close_if_unusable_or_obsolete"


def _close_if_obsolete(wrapper: BaseDatabaseWrapper) -> None:
    """Django's, but not for the open transaction of a test: a coroutine's thread-sensitive call runs on the test's own
    thread, where `close_old_connections()` of a library would end it.
    """
    if not in_test_transaction(wrapper):
        type(wrapper).close_if_unusable_or_obsolete(wrapper)


def _rolling_back(original: Callable[..., Any]) -> Callable[..., Any]:
    def _rollback_atomics(cls: Any, atomics: Any) -> Any:
        if PROCESS.router is not None:
            PROCESS.router.before_rollback()
        return original(cls, atomics)

    return _rollback_atomics


class HostedConnection(SharedConnection):
    """The connection of a test that keeps it. From its making on, statements of the test take turns with guests'."""

    def __init__(self, wrapper: BaseDatabaseWrapper, test: str, timeout: float) -> None:
        super().__init__(wrapper, test, timeout)
        self.is_over = False
        self._create_cursor = wrapper.create_cursor
        self._host = HostLease(self)
        self._taking_turns = self._cursor_of_test
        self._setting_time_zone = self._ensure_timezone
        vars(wrapper).update(create_cursor=self._taking_turns, ensure_timezone=self._setting_time_zone)

    def _cursor_of_test(self, name: Any = None) -> Any:
        if self.is_over:
            return self._create_cursor(name)
        return cursor_over(self._host, self._host.touch(self._create_cursor, name))

    def _ensure_timezone(self) -> bool:
        """Django's, which speaks to the driver, as a statement of the test's."""
        own = type(self.wrapper).ensure_timezone
        return bool(self._host.run(own, "SET TIME ZONE", self.wrapper))

    def protect(self) -> None:
        """As of any shared connection, but the savepoint is gone with its statement: the test's own blocks end in
        between, and take along what was opened inside.
        """
        self._used = True
        if self.dialect.failure_spoils and not self._standing:
            self.dialect.send(f"SAVEPOINT {STANDING}")
            self._standing = True

    def succeeded(self, what: object) -> None:
        """Let the savepoint go with its statement."""
        super().succeeded(what)
        self._let_go()

    def _undo_failure(self, what: object) -> None:
        super()._undo_failure(what)
        self._let_go()

    def _let_go(self) -> None:
        if self._standing and self.lost is None:
            self._standing = False
            self.dialect.send(f"RELEASE SAVEPOINT {STANDING}")

    def finish(self, refusal: Callable[[], Exception], grace: float) -> None:
        """Refuse guests, roll back what they have not finished, and leave the test alone."""
        self.is_over = True
        super().finish(refusal, grace)
        own = vars(self.wrapper)
        for name, ours in (("create_cursor", self._taking_turns), ("ensure_timezone", self._setting_time_zone)):
            if own.get(name) is ours:
                del own[name]

    def _start(self) -> None:
        """Send nothing: the test may have blocks open, and rows that a new transaction would commit."""
        self.dialect.sees_transaction = self.dialect.knows_transaction

    def _leave_session(self) -> None:
        """Let the test go on with its own settings."""
        if not self.dialect.in_error():
            self.session.finish(self._host.kept)

    def _final_check(self) -> None:
        """The transaction is the test's, to keep or to lose."""


class HostLease(Lease):
    """The test's own use of its connection: one turn a statement, whatever blocks it has open."""

    shared: HostedConnection

    @property
    def keeps_local(self) -> bool:
        """The test's transaction is open until the end."""
        return True

    def run(self, call: Callable[..., Any], what: object, *args: Any, **options: Any) -> Any:
        """Send a statement as the test would without guests, with its own settings."""
        return self._in_turn(partial(self._with_settings, call, what), args, options)

    def _with_settings(self, call: Callable[..., Any], what: object, *args: Any, **options: Any) -> Any:
        if self.shared.is_over:
            return call(*args, **options)
        self._prepare(what, args, options)
        return self._call(call, what, args, options)

    def touch(self, call: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Use the raw connection in a way that sends no statement."""
        return self._in_turn(call, args, options)

    def _in_turn(self, call: Callable[..., Any], args: Any, options: Any) -> Any:
        if self.shared.is_over:
            return call(*args, **options)
        self.shared.queue.take(self, statement=True)
        try:
            return call(*args, **options)
        finally:
            self.shared.queue.give_back(self, statement=True)

    @contextmanager
    def lasting_statement(self, what: object) -> Iterator[None]:
        """A statement that is under way until the block ends, and the turn with it."""
        if self.shared.is_over:
            yield
            return
        with super().lasting_statement(what):
            yield

    def _prepare(self, what: object, args: Any = (), options: Any = {}) -> None:  # noqa: B006 - read only
        """The test may send what it likes."""
        self.shared.close_waiting_cursors()
        if self.shared.session.touched:
            self.shared.switch_to(self, what, params_of(args, options))

    @contextmanager
    def _watched(self, what: object) -> Iterator[None]:  # noqa: ARG002 - a failure is the test's own
        yield

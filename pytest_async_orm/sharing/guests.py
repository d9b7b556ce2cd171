"""The guests of a test that keeps its own transaction (see `hosting`): imported when the first one comes.

From then on the test's own statements take turns with the guests'. A guest's transaction is a savepoint inside whatever
block the test has open. The test never keeps the turn between two statements, since it may have a block open and wait
for a guest.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from pytest_async_orm.clock import REAL
from pytest_async_orm.drivers.calls import params_of
from pytest_async_orm.errors import SandboxDeadlock
from pytest_async_orm.frames.sending import locals_of_type, sends_statement
from pytest_async_orm.messages import sandbox as messages
from pytest_async_orm.patches import targets
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.sharing import by_hand
from pytest_async_orm.sharing.commits import Commits
from pytest_async_orm.sharing.cursors import VirtualCursor, cursor_over
from pytest_async_orm.sharing.ending import SandboxEnd
from pytest_async_orm.sharing.going_on import present_origin
from pytest_async_orm.sharing.lease import Lease
from pytest_async_orm.sharing.leftovers import ThreadWatch
from pytest_async_orm.sharing.sandbox import GRACE_SECONDS, Sandbox
from pytest_async_orm.sharing.shared_connection import STANDING, Passing, SharedConnection
from pytest_async_orm.sharing.waiting import participant

if TYPE_CHECKING:
    from pytest_async_orm.sharing.hosting import Host

# Between two looks at a test that is in the middle of a statement.
_MOMENT = 0.0005


class Guests(Sandbox):
    """The guests of one host."""

    for_guests = True

    def __init__(self, host: Host, threads: ThreadWatch) -> None:
        """`threads`: what ran when the host began."""
        super().__init__(host.test, host.timeout, threads=threads)
        self._host = host
        self._joining = threading.Lock()

    @property
    def have_come(self) -> bool:
        """Whether there are any: an alias that is asked for makes a guest."""
        return bool(self._shared)

    def isolates(self, alias: str) -> bool:
        """Whether the host lets guests in."""
        return self._host.isolates(alias)

    def _new(self, alias: str) -> Any:
        if self._host.ended:
            # Since it was asked whether this thread may join: Django's own, if it is not the test's.
            if present_origin() is None:
                return None
            raise self.refusal(alias, None)
        with self._joining:
            if alias not in self._shared:
                PROCESS.patches.install(targets.ROLL_BACK_TEST, _rolling_back)
                self._shared[alias] = HostedConnection(self._host.wrappers[alias], self._host)
        return self._made(alias)

    def _finish(self, shared: SharedConnection, ending: SandboxEnd) -> None:  # noqa: ARG002 - the test keeps its own
        shared.finish(lambda: self.refusal(shared.alias, None), GRACE_SECONDS)


def _rolling_back(original: Callable[..., Any]) -> Callable[..., Any]:
    def _rollback_atomics(cls: Any, atomics: Any) -> Any:
        router = PROCESS.router
        if router is None:
            return original(cls, atomics)
        router.before_rollback()
        try:
            return original(cls, atomics)
        finally:
            router.after_rollback()

    return _rollback_atomics


class HostedConnection(SharedConnection):
    """The connection of a test that keeps it. From its making on, statements of the test take turns with guests'."""

    def __init__(self, wrapper: BaseDatabaseWrapper, host: Host) -> None:
        """Raises SandboxDeadlock if the test is in the middle of a statement for longer than a time-out."""
        super().__init__(wrapper, host.test, host.timeout)
        # A guest's commit would also check what the test itself has not finished, and need not have before its end.
        self.commits = Commits(self, checked=False)
        self.is_over = False
        self._create_cursor = wrapper.create_cursor
        self._host = HostLease(self)
        self._host.thread = host.own_thread
        self._taking_turns = self._cursor_of_test
        self._setting_time_zone = self._ensure_timezone
        with self._keeping_the_turn():
            vars(wrapper).update(create_cursor=self._taking_turns, ensure_timezone=self._setting_time_zone)
            self._take_over_cursors(host)
            self._wait_for_statement()
            # One that was being made meanwhile: with it the test may be in the middle of another statement.
            while self._take_over_cursors(host):
                self._wait_for_statement()
            if (owner := by_hand.earlier(wrapper)) is not None:
                self.session.go_on(owner.session, owner, self._host)

    @contextmanager
    def _keeping_the_turn(self) -> Iterator[None]:
        joining = Passing()
        self.queue.take(joining, statement=True)
        try:
            yield
        finally:
            self.queue.give_back(joining, statement=True)

    def _take_over_cursors(self, host: Host) -> bool:
        """Let cursors that the test has open take turns as well: the server's, which iterators hold, and others as far
        as its functions' variables show them. Returns whether there were any that did not yet.
        """
        found = [
            cursor
            for cursor in {*host.chunked_cursors, *locals_of_type(self._host.thread, CursorWrapper)}
            if cursor.db is self.wrapper and type(cursor.cursor) is not VirtualCursor
        ]
        for cursor in found:
            cursor.cursor = cursor_over(self._host, cursor.cursor)
        return bool(found)

    def _wait_for_statement(self) -> None:
        """A thread that the test does not wait for may join while the test sends a statement, which has no turn yet."""
        thread = self._host.thread
        deadline = REAL.monotonic() + self.queue.timeout
        while thread is not threading.current_thread() and sends_statement(thread):
            if REAL.monotonic() > deadline:
                here = Passing()
                text = messages.deadlock(
                    self.test, self.alias, self.queue.timeout, participant(here), participant(self._host)
                )
                raise SandboxDeadlock(text)
            time.sleep(_MOMENT)

    def _cursor_of_test(self, name: Any = None) -> Any:
        if self.is_over:
            return self._create_cursor(name)
        return cursor_over(self._host, self._host.touch(self._create_cursor, name))

    def _ensure_timezone(self) -> bool:
        """Django's, which speaks to the driver, as a statement of the test's."""
        own = type(self.wrapper).ensure_timezone
        return bool(self._host.run(own, "SET TIME ZONE", self.wrapper))

    def protect(self, what: object) -> None:  # noqa: ARG002
        """As of any shared connection, but the savepoint is gone with its statement: the test's own blocks end in
        between, and take along what was opened inside.
        """
        self._used = True
        if self.dialect.failure_spoils and not self._standing:
            self.dialect.send(f"SAVEPOINT {STANDING}")
            self._standing = True

    def succeeded(self, what: object, *, autocommit: bool) -> None:
        """Let the savepoint go with its statement."""
        super().succeeded(what, autocommit=autocommit)
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
            self.session.finish(self._host)
        if self.session.touched and (owner := by_hand.owner_of(self.wrapper)) is not None:
            owner.session.go_on(self.session, self._host, owner)

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

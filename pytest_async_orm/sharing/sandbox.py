"""One sandbox: every thread's virtual connections over the transaction that pytest-django opened."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any

from asgiref.local import Local
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from pytest_async_orm.errors import SandboxEnded
from pytest_async_orm.messages import sandbox as messages
from pytest_async_orm.sharing.ending import SandboxEnd
from pytest_async_orm.sharing.going_on import begun_before, works_for_nobody
from pytest_async_orm.sharing.leftovers import ThreadWatch
from pytest_async_orm.sharing.refused import forbidden_connection
from pytest_async_orm.sharing.shared_connection import SharedConnection
from pytest_async_orm.sharing.virtual import return_knowledge, virtual_connection

GRACE_SECONDS = 1.0


class Sandbox:
    """From `start` to `end`, gives each thread its own connection for each alias, all over one shared connection."""

    for_guests = False
    """Whether the test's own thread keeps Django's connections, and others alone are answered."""

    def __init__(
        self,
        test: str,
        timeout: float,
        *,
        guarded_thread: threading.Thread | None = None,
        threads: ThreadWatch | None = None,
    ) -> None:
        """`guarded_thread` is the one in which Django itself refuses the databases that the test did not ask for;
        `threads` knows what ran before the test, if that was another moment than this.
        """
        self.test = test
        self._guarded_thread = guarded_thread
        self.timeout = timeout
        self.ended = False
        self.ending = False
        """Whether threads that are not the test's begin nothing here any more: its end has come."""
        self.threads = threads or ThreadWatch()
        self._shared: dict[str, SharedConnection] = {}
        self._left_alone: frozenset[str] = frozenset()
        self._mirrors: dict[str, str] = {}
        # As Django keeps its connections: by thread, and in a coroutine by context.
        self._here = Local(thread_critical=True)
        self._virtuals: list[Any] = []

    def start(self, wrappers: Sequence[BaseDatabaseWrapper], *, left_alone: Iterable[str] = ()) -> None:
        """Take the real connections on which the test's transaction is open, one an alias. What is left alone is as
        without a sandbox.
        """
        self._left_alone = frozenset(left_alone)
        self._mirrors = _mirrors_in(wrappers)
        for wrapper in wrappers:
            if wrapper.alias not in self._mirrors:
                self._shared[wrapper.alias] = SharedConnection(wrapper, self.test, self.timeout)
            else:
                # Nothing will happen on it: SQLite in memory could not even check its constraints.
                wrapper.set_rollback(True)
        self._shared |= {alias: self._shared[primary] for alias, primary in self._mirrors.items()}

    def isolates(self, alias: str) -> bool:
        """Whether this sandbox shares the connection of an alias."""
        return self.has_shared(alias)

    def has_shared(self, alias: str) -> bool:
        """Whether the connection of an alias is shared, or was until the end."""
        return alias in self._shared

    def covers(self, alias: str) -> bool:
        """Whether a thread's connection is this sandbox's to give, or to refuse."""
        if alias in self._left_alone or self.lets_go(alias):
            return False
        return self.isolates(alias) or (alias in connections and threading.current_thread() is not self._guarded_thread)

    def lets_go(self, alias: str) -> bool:
        """Whether the calling thread has nothing to do with the test, and no block open here, when its end comes."""
        if not self.ending or self.in_block(alias):
            return False
        return self.threads.is_older(threading.current_thread()) and works_for_nobody()

    def in_block(self, alias: str) -> bool:
        """Whether the calling thread has an atomic block open here."""
        return any(one.alias == alias and one.in_atomic_block for one in self.opened())

    def is_shared(self, wrapper: Any) -> bool:
        """Whether a connection of Django's is one that is shared."""
        return any(shared.wrapper is wrapper for shared in self._shared.values())

    def get(self, alias: str) -> Any:
        """The calling thread's or task's connection: of a mirror that of its primary, whose rows it has to show."""
        if alias in self._mirrors:
            alias = self._mirrors[alias]
        try:
            return getattr(self._here, alias)
        except AttributeError:
            connection = begun_before(self, alias)
            if connection is None and (connection := self._new(alias)) is not None:
                setattr(self._here, alias, connection)
            return connection

    def _new(self, alias: str) -> Any:
        return self._made(alias) if self.isolates(alias) else forbidden_connection(alias, self.test)

    def _made(self, alias: str) -> Any:
        virtual = virtual_connection(self._shared[alias])
        self._virtuals.append(virtual)
        return virtual

    def put(self, alias: str, connection: Any) -> None:
        """Let a connection of the application's own be the calling thread's or task's."""
        setattr(self._here, self._mirrors.get(alias, alias), connection)

    def drop(self, alias: str) -> None:
        """Forget the calling thread's or task's connection. Raises AttributeError if there is none, as Django does."""
        delattr(self._here, self._mirrors.get(alias, alias))

    def opened(self) -> list[Any]:
        """The calling thread's or task's connections, as far as it has asked for them."""
        found = (getattr(self._here, alias, None) for alias in connections)
        return [connection for connection in found if connection is not None]

    def refusal(self, alias: str, current: str | None) -> SandboxEnded:
        """The error for work that outlived this test; `current` is the test that runs now, None between tests."""
        return SandboxEnded(messages.ended(self.test, alias, threading.current_thread().name, current))

    def end(self) -> SandboxEnd:
        """Wait for the test's threads, stop what still runs, roll back what is unfinished, and say what was found."""
        self.ending = True
        working = self.threads.settle(self._leases(), GRACE_SECONDS)
        ending = SandboxEnd()
        ending.leftovers += [self.threads.describe(lease) for lease in working]
        self.ended = True
        for shared in dict.fromkeys(self._shared.values()):
            self._finish(shared, ending)
        for virtual in self._virtuals:
            return_knowledge(virtual, virtual.lease.shared.wrapper)
        return ending

    @property
    def refuses_work(self) -> bool:
        """Whether work that was started in the sandbox is refused, since the sandbox is over."""
        return self.ended

    def before_rollback(self) -> None:
        """The test's transaction is about to be rolled back: a sandbox has ended by then."""

    def unfinished(self) -> list[threading.Thread]:
        """Threads in the middle of a transaction that was rolled back."""
        here = threading.current_thread()
        found = [virtual for virtual in list(self._virtuals) if virtual.in_atomic_block or virtual.lease.abandoned]
        return [virtual.lease.thread for virtual in found if virtual.lease.thread is not here]

    def stragglers(self) -> dict[threading.Thread, Any]:
        """Threads that go on with the test's work, each with the call that is the work."""
        return self.threads.stragglers()

    def _leases(self) -> list[Any]:
        return [virtual.lease for virtual in list(self._virtuals)]

    def _finish(self, shared: SharedConnection, ending: SandboxEnd) -> None:
        shared.finish(lambda: self.refusal(shared.alias, None), GRACE_SECONDS)
        if shared.lost is not None:
            ending.lost.append(messages.transaction_lost(self.test, shared.alias, shared.lost))
            if shared.may_have_committed:
                ending.committed.append(shared.alias)
            shared.discard()


def _mirrors_in(wrappers: Sequence[BaseDatabaseWrapper]) -> dict[str, str]:
    """The aliases that stand for another one's database in tests, by `TEST["MIRROR"]`, each with that other one."""
    # An alias that was added at run time need not have settings for tests.
    found = {wrapper.alias: wrapper.settings_dict.get("TEST", {}).get("MIRROR") for wrapper in wrappers}
    return {alias: primary for alias, primary in found.items() if primary in found and not found[primary]}

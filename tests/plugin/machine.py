"""A model of serial transactions, and actors on threads of their own that are compared with it.

An operation may have to wait for another actor's transaction, so the model follows what was seen to finish and checks
what must hold whenever everything has come to rest: one transaction at a time, exactly the rows that serial
transactions would leave, to each connection its own settings, and a ledger that knows each opening and its line.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connection, connections
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from machine_actors import Actor, enter, fail, fail_in_autocommit, leave, names
from session_scenes import first_way, get

from pytest_async_orm.errors import SandboxEnded
from pytest_async_orm.leaks.ledger import Ledger
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.sharing.layers import Layers
from pytest_async_orm.sharing.scopes import scope_transaction
from sample_app.models import Tag

ACTORS = 3
DEEPEST = 3
HERE = ("machine", "session_scenes")


class SerialTransactions(RuleBasedStateMachine):
    """Actors begin, write, fail, commit, roll back, close, cancel; the rows are those of serial transactions."""

    lock_timeout = 10.0
    rest_seconds = 20.0

    def __init__(self) -> None:
        super().__init__()
        self.layers = Layers()
        self.numbers = itertools.count()
        self.way = first_way()
        self.begin_anew()

    def begin_anew(self) -> None:
        """A sandbox over a transaction of its own, and actors that have done nothing."""
        self.stack = ExitStack()
        self.committed: set[str] = set()
        self.actors = [Actor() for _ in range(ACTORS)]
        self.sandbox = self.open_sandbox()
        self.queue = self.shared.queue

    @property
    def shared(self) -> Any:
        """The one connection of all actors."""
        return self.sandbox._shared["default"]

    def open_sandbox(self) -> Any:
        sandbox = self.stack.enter_context(scope_transaction(["default"], "the state machine", self.lock_timeout))
        self.layers.push(sandbox)
        return sandbox

    def end_sandbox(self) -> None:
        """It rolls back what is unfinished, and leaves no setting; its transaction, in turn, leaves nothing."""
        late = self.pending("write", "write twice")
        ending = self.layers.pop()
        try:
            assert ending.lost == [], ending.lost
            assert names() - late == self.committed
            self.what_is_left_is_right()
        finally:
            self.stack.close()
        assert names() == set()
        assert get(self.way) is None

    def what_is_left_is_right(self) -> None:
        """What no roll-back takes back is taken back by the sandbox's end."""
        if not self.way.transactional:
            assert get(self.way) is None

    def main_thread_has_its_own(self) -> None:
        assert get(self.way) is None

    def teardown(self) -> None:
        try:
            self.end_sandbox()
        finally:
            for actor in self.actors:
                actor.pool.shutdown()

    @precondition(lambda self: not any(actor.pending for actor in self.actors))
    @rule()
    def end_and_begin_anew(self) -> None:
        """What goes on with the ended sandbox's connections is refused, and no row of it is in the next one."""
        left = [(actor, actor.pool.submit(lambda: connections["default"]).result(20)) for actor in self.actors]
        self.end_sandbox()
        self.begin_anew()
        for actor, old in left:
            actor.pool.submit(self.is_refused, old).result(20)
            actor.pool.shutdown()
        assert names() == set()

    @staticmethod
    def is_refused(old: Any) -> None:
        with pytest.raises(SandboxEnded):
            old.cursor().execute("INSERT INTO sample_app_tag (name) VALUES ('late')")

    @rule()
    def roll_everything_back(self) -> None:
        """All transactions end with an error, and those that waited for them too: then nothing but commits is left."""
        while (holder := self.holder) is not None and holder.pending is None:
            self.submit(holder, "roll back", "", leave, holder, True)
        self.rows_are_those_of_serial_transactions()

    @property
    def holder(self) -> Actor | None:
        holders = [actor for actor in self.actors if actor.in_transaction]
        assert len(holders) <= 1, "two transactions at once"
        return holders[0] if holders else None

    def submit(self, actor: Actor, kind: str, name: str, call: Callable[..., Any], *args: Any) -> None:
        actor.pending = (kind, name, actor.pool.submit(call, *args))
        self.rest()

    def rest(self) -> None:
        """Wait until every operation has finished or waits for its turn, and note what finished."""
        event = threading.Event()
        for _ in range(int(self.rest_seconds / 0.002)):
            busy = [actor for actor in self.actors if actor.pending and not actor.pending[2].done()]
            if len(busy) == self.queue.waiting:
                break
            event.wait(0.002)
        else:
            raise AssertionError("an operation neither finishes nor waits for its turn")
        finished = [actor for actor in self.actors if actor.pending and actor.pending[2].done()]
        for actor in sorted(finished, key=self.order):
            self.note(actor, *actor.pending)
        if self.holder is None:
            assert not any(actor.pending for actor in self.actors), "the turn is free, and somebody waits for it"

    @staticmethod
    def order(actor: Actor) -> int:
        """One transaction ends before the next begins, whatever the order of the actors."""
        kind = actor.pending[0]
        return 0 if kind in ("commit", "roll back", "close") else 2 if kind == "begin" else 1

    def note(self, actor: Actor, kind: str, name: str, future: Future[Any]) -> None:
        actor.pending = None
        result = future.result()
        actor.is_open = kind != "close"
        if kind == "begin":
            actor.added.append(set())
            actor.settings.begin()
        elif kind in ("write", "write twice"):
            (actor.added[-1] if actor.in_transaction else self.committed).add(name)
        elif kind == "commit":
            actor.settings.end(self.way, error=False)
            added = actor.added.pop()
            (actor.added[-1] if actor.in_transaction else self.committed).update(added)
        elif kind == "roll back":
            actor.settings.end(self.way, error=True)
            actor.added.pop()
        elif kind == "close":
            actor.settings.close()
            actor.added.clear()
        elif kind == "set":
            actor.settings.set(int(name))
        elif kind == "set local":
            actor.settings.set_local(int(name))
        elif kind == "get":
            assert result == actor.settings.seen
        elif kind == "read" and actor.in_transaction:
            # The first of two statements may be done while the second waits.
            assert result - self.pending("write twice") == self.committed | actor.own_rows
        self.holder  # noqa: B018 - asserts

    def pending(self, *kinds: str) -> set[str]:
        """The names of operations that have not finished."""
        return {actor.pending[1] for actor in self.actors if actor.pending and actor.pending[0] in kinds}

    def free(self, number: int) -> Actor | None:
        """One of the actors that do not wait: the transaction's own, if the others do."""
        free = [actor for actor in self.actors if actor.pending is None]
        return free[number % len(free)] if free else None

    numbers_of_actors = st.integers(0, ACTORS - 1)

    @initialize()
    def start(self) -> None:
        assert names() == set()

    @rule(number=numbers_of_actors)
    def begin(self, number: int) -> None:
        actor = self.free(number)
        if actor and len(actor.added) < DEEPEST:
            self.submit(actor, "begin", "", enter, actor)

    @rule(number=numbers_of_actors)
    def write(self, number: int) -> None:
        if actor := self.free(number):
            name = f"row {next(self.numbers)}"
            self.submit(actor, "write", name, lambda: Tag.objects.create(name=name))

    @rule(number=numbers_of_actors)
    def fail(self, number: int) -> None:
        if actor := self.free(number):
            name = f"row {next(self.numbers)}"
            if actor.in_transaction:
                self.submit(actor, "fail", name, fail, name)
            else:
                self.submit(actor, "write twice", name, fail_in_autocommit, name)

    @precondition(lambda self: any(actor.in_transaction for actor in self.actors))
    @rule()
    def fail_after_writing(self) -> None:
        """Inside a transaction a failure in a block of its own leaves what was written before it."""
        holder = self.holder
        if holder is not None and holder.pending is None:
            name = f"row {next(self.numbers)}"
            self.submit(holder, "write", name, lambda: Tag.objects.create(name=name))
            self.submit(holder, "fail", "", fail, f"row {next(self.numbers)}")

    @rule(number=numbers_of_actors, error=st.booleans())
    def whole_transaction(self, number: int, error: bool) -> None:
        """Begin, write, fail inside, write, and end: what applications do most, so that it is seen often."""
        actor = self.free(number)
        if actor and self.holder in (None, actor) and len(actor.added) < DEEPEST:
            self.submit(actor, "begin", "", enter, actor)
            self.fail_after_writing()
            self.submit(actor, "roll back" if error else "commit", "", leave, actor, error)

    @rule(number=numbers_of_actors)
    def read(self, number: int) -> None:
        if actor := self.free(number):
            self.submit(actor, "read", "", names)

    @rule(number=numbers_of_actors, error=st.booleans())
    def end(self, number: int, error: bool) -> None:
        actor = self.free(number)
        if actor and actor.in_transaction:
            self.submit(actor, "roll back" if error else "commit", "", leave, actor, error)
            self.rest()

    @precondition(lambda self: any(actor.in_transaction for actor in self.actors))
    @rule(error=st.booleans())
    def end_of_the_holder(self, error: bool) -> None:
        """Blocks end as often as they begin, or every run would wait behind its first transaction."""
        holder = self.holder
        if holder is not None and holder.pending is None:
            self.submit(holder, "roll back" if error else "commit", "", leave, holder, error)

    @rule(number=numbers_of_actors)
    def close(self, number: int) -> None:
        """A thread closes its connection; inside a block its rows are lost, as a server rolls back for it."""
        actor = self.free(number)
        if actor is None or (actor.in_transaction and connection.vendor == "sqlite"):
            return  # Django refuses to close a database in memory
        self.submit(actor, "close", "", self.close_and_leave, actor)

    @staticmethod
    def close_and_leave(actor: Actor) -> None:
        connection.close()
        while actor.blocks:
            leave(actor, error=True)

    @rule(number=numbers_of_actors)
    def cancel(self, number: int) -> None:
        """Cancelling changes nothing of what a thread has begun: as under asyncio, it runs to its end."""
        pending = self.actors[number].pending
        if pending is not None:
            assert not pending[2].cancel()

    @invariant()
    def rows_are_those_of_serial_transactions(self) -> None:
        if self.holder is None and not any(actor.pending for actor in self.actors):
            assert names() == self.committed
            self.main_thread_has_its_own()
            self.ledger_is_right()

    def ledger_is_right(self) -> None:
        """It has as many connections of the actors as are open, and the line of each opening."""
        shared = self.shared
        of_actors = [
            opened
            for opened in PROCESS.one(Ledger).open_connections()
            if opened.virtual and opened.wrapper.lease.shared is shared and opened.thread is not threading.main_thread()
        ]
        assert len(of_actors) == sum(actor.is_open for actor in self.actors)
        assert all(str(opened.opened_at("")).rpartition("/")[2].startswith(HERE) for opened in of_actors)

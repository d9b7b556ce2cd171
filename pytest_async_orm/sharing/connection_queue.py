"""Whose turn it is on one physical connection: one thread at a time, for a whole transaction."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from pytest_async_orm.errors import EventLoopWouldBlock, SandboxDeadlock
from pytest_async_orm.frames.stacks import in_event_loop, stack_of, task_of
from pytest_async_orm.messages import sandbox as messages
from pytest_async_orm.records import Participant

# How often a waiting thread looks whether the holder's thread has died: nobody would tell it.
_POLL_SECONDS = 0.1


class Holder(Protocol):
    """What the turn needs to know of a virtual connection's lease."""

    thread: threading.Thread
    in_statement: bool

    @property
    def in_transaction(self) -> bool: ...
    def abandon(self) -> None: ...


class _Waiter:
    def __init__(self, holder: Holder) -> None:
        self.holder = holder
        self.granted = threading.Event()
        self.refused: Exception | None = None


class ConnectionQueue:
    """A reentrant lock owned by a lease rather than a thread, fair, and able to say who waits for whom."""

    def __init__(self, test: str, alias: str, timeout: float) -> None:
        self.test = test
        self.alias = alias
        self.timeout = timeout
        self._mutex = threading.Lock()
        self._statement_over = threading.Condition(self._mutex)
        self._holder: Holder | None = None
        self._depth = 0
        self._queue: deque[_Waiter] = deque()
        self._evicting = False
        self._refusal: Callable[[], Exception] | None = None

    @property
    def holder(self) -> Holder | None:
        return self._holder

    @property
    def waiting(self) -> int:
        """How many threads wait for the turn."""
        return len(self._queue)

    def take(self, lease: Holder, *, statement: bool = False) -> None:
        """Have the turn, once more if the lease has it already; wait for it otherwise."""
        with self._mutex:
            if self._grant(lease):
                lease.in_statement |= statement
                return
            waiter = self._enqueue(lease)
        self._wait(waiter)
        lease.in_statement |= statement

    def try_take(self, lease: Holder) -> bool:
        """Have the turn if that needs no wait and disturbs nobody.

        Never blocks, not even on the mutex: the garbage collector may call this in the midst of any method here.
        """
        if not self._mutex.acquire(blocking=False):
            return False
        try:
            if self._holder is lease and (lease.in_statement or lease.thread is not threading.current_thread()):
                return False
            return self._grant(lease)
        finally:
            self._mutex.release()

    def give_back(self, lease: Holder, *, statement: bool = False) -> None:
        with self._mutex:
            if statement:
                lease.in_statement = False
                self._statement_over.notify_all()
            if self._holder is not lease:
                return
            self._depth -= 1
            if self._depth == 0:
                self._pass_on()

    def close(self, refusal: Callable[[], Exception], grace: float) -> bool:
        """Refuse everyone from now on; whether the statement under way, if any, ended within the grace (seconds)."""
        with self._mutex:
            self._refusal = refusal
            while self._queue:
                waiter = self._queue.popleft()
                waiter.refused = refusal()
                waiter.granted.set()
            return self._statement_over.wait_for(lambda: not self._statement_under_way(), grace)

    def _statement_under_way(self) -> bool:
        return self._holder is not None and self._holder.in_statement

    def _grant(self, lease: Holder) -> bool:
        if self._refusal is not None:
            raise self._refusal()
        if self._holder is None or self._holder is lease:
            self._holder = lease
            self._depth += 1
            return True
        return False

    def _enqueue(self, lease: Holder) -> _Waiter:
        waiter = _Waiter(lease)
        if not in_event_loop():
            self._queue.append(waiter)
            return waiter
        holder = self._holder
        if holder is not None and holder.in_transaction:
            raise EventLoopWouldBlock(messages.loop_would_block(self.test, self.alias, participant(holder)))
        # A single statement is under way: first in the queue, the loop waits for the database alone and for no
        # transaction.
        self._queue.appendleft(waiter)
        return waiter

    def _wait(self, waiter: _Waiter) -> None:
        try:
            self._wait_until_granted(waiter)
        except BaseException:
            # An interrupt, such as Ctrl-C or a time-out: nobody may be handed the turn who is not there any more.
            if not self._withdraw(waiter):
                self.give_back(waiter.holder)
            raise
        if waiter.refused is not None:
            raise waiter.refused

    def _wait_until_granted(self, waiter: _Waiter) -> None:
        deadline = time.monotonic() + self.timeout
        while not waiter.granted.wait(min(_POLL_SECONDS, max(0.0, deadline - time.monotonic()))):
            self._evict_dead_holder()
            if time.monotonic() >= deadline and self._withdraw(waiter):
                raise self._deadlock(waiter.holder)

    def _withdraw(self, waiter: _Waiter) -> bool:
        """Leave the queue; false if the turn was granted in the meantime."""
        with self._mutex:
            if waiter.granted.is_set():
                return False
            if waiter in self._queue:
                self._queue.remove(waiter)
            return True

    def _deadlock(self, lease: Holder) -> SandboxDeadlock:
        holder = self._holder
        holding = participant(holder) if holder is not None else Participant("nobody any more", None, False, "")
        return SandboxDeadlock(messages.deadlock(self.test, self.alias, self.timeout, participant(lease), holding))

    def _evict_dead_holder(self) -> None:
        """What the server does for a client that died: roll its transaction back and let the next one in."""
        with self._mutex:
            holder = self._holder
            if holder is None or self._evicting or holder.thread.is_alive():
                return
            self._evicting = True
        try:
            holder.abandon()
        finally:
            with self._mutex:
                self._evicting = False
                if self._holder is holder:
                    self._pass_on()

    def _pass_on(self) -> None:
        self._depth = 0
        self._holder = None
        if self._queue:
            waiter = self._queue.popleft()
            self._holder, self._depth = waiter.holder, 1
            waiter.granted.set()


def participant(lease: Holder) -> Participant:
    return Participant(lease.thread.name, task_of(lease.thread), lease.in_transaction, stack_of(lease.thread))

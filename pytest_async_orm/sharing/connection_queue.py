"""Whose turn it is on one shared connection: one thread at a time, for a whole transaction."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from pytest_async_orm.clock import REAL
from pytest_async_orm.errors import EventLoopWouldBlock, SandboxDeadlock
from pytest_async_orm.frames.stacks import in_event_loop
from pytest_async_orm.messages import sandbox as messages
from pytest_async_orm.records import Participant
from pytest_async_orm.sharing.waiting import WAITING, Holder, Patience, is_dead, participant, path_to_waiter

# How often a waiting thread looks whether the holder has died, or waits for the waiter: nobody would tell it.
_POLL_SECONDS = 0.05
# How long a generator's end, which the garbage collector may run in the midst of any method here, waits for the mutex.
_COLLECTOR_SECONDS = 0.05


class _Waiter:
    def __init__(self, holder: Holder, statement: bool) -> None:
        self.holder = holder
        self.statement = statement
        self.thread = threading.current_thread()
        self.granted = threading.Event()
        self.refused: Callable[[], Exception] | None = None
        """What makes the error, on the thread that waits."""


class ConnectionQueue:
    """A reentrant lock owned by a lease rather than a thread, fair, and able to say who waits for whom.

    The grant, the statement under way and the refusal at the end change under one mutex: whoever was granted the turn
    and has not come to use it yet is refused like those who wait.
    """

    def __init__(self, test: str, alias: str, timeout: float) -> None:
        """`timeout` is in seconds, of a queue that does not move."""
        self.test = test
        self.alias = alias
        self.timeout = timeout
        self._mutex = threading.Lock()
        self._statement_over = threading.Condition(self._mutex)
        self._holder: Holder | None = None
        self._depth = 0
        self._queue: deque[_Waiter] = deque()
        # Who was granted the turn and has not woken up yet.
        self._expected: _Waiter | None = None
        # How often the holder changed, and how often it ended a statement: whether the queue moves.
        self._holders = self._ended = 0
        self._evicting = False
        self._refusal: Callable[[], Exception] | None = None
        self._late: deque[Holder] = deque()

    @property
    def holder(self) -> Holder | None:
        """The lease that has the turn."""
        return self._holder

    @property
    def waiting(self) -> int:
        """How many threads wait for the turn."""
        return len(self._queue)

    def expects(self, lease: Holder) -> bool:
        """Whether a lease waits for the turn."""
        return any(waiter.holder is lease for waiter in list(self._queue))

    def take(self, lease: Holder, *, statement: bool = False) -> None:
        """Have the turn, once more if the lease has it already; wait for it otherwise.

        Raises `SandboxDeadlock`, `EventLoopWouldBlock`, and after the end what `close` was given.
        """
        if self._late:
            self._give_back_late()
        with self._mutex:
            if self._grant(lease, statement):
                return
            waiter = self._enqueue(lease, statement)
        self._wait(waiter)

    def try_take(self, lease: Holder) -> bool:
        """Have the turn for a statement if that needs no wait and disturbs nobody.

        Never blocks, not even on the mutex: the garbage collector may call this in the midst of any method here.
        """
        if not self._mutex.acquire(blocking=False):
            return False
        try:
            if self._holder is lease and (lease.statements or lease.thread is not threading.current_thread()):
                return False
            return self._grant(lease, True)
        finally:
            self._mutex.release()

    def give_back(self, lease: Holder, *, statement: bool = False) -> None:
        """Give the turn back once, and with it a statement that has ended."""
        with self._mutex:
            self._release(lease, statement)

    def end_statement(self, lease: Holder) -> None:
        """A statement has ended, and the turn stays."""
        with self._mutex:
            self._depth += 1
            self._release(lease, True)

    def give_back_anywhere(self, lease: Holder) -> None:
        """As `give_back` of a statement, for the end of a generator, which may come while this thread has the mutex:
        then whoever takes a turn or waits for one does it.
        """
        if not self._mutex.acquire(timeout=_COLLECTOR_SECONDS):
            self._late.append(lease)
            return
        try:
            self._release(lease, True)
        finally:
            self._mutex.release()

    def _give_back_late(self) -> None:
        with self._mutex:
            while self._late:
                self._release(self._late.popleft(), True)

    def _release(self, lease: Holder, statement: bool) -> None:
        if statement:
            lease.statements -= 1
            self._ended += 1
            if self._refusal is not None:
                self._statement_over.notify_all()
        if self._holder is lease:
            self._depth -= 1
            if self._depth == 0:
                self._pass_on()

    def close(self, refusal: Callable[[], Exception], grace: float) -> bool:
        """Refuse everyone from now on; whether the statement under way, if any, ended within the grace (seconds)."""
        if self._late:
            self._give_back_late()
        with self._mutex:
            self._refusal = refusal
            while self._queue:
                self._refuse(self._queue.popleft(), refusal)
            self._take_grant_back(refusal)
            return self._wait_for_statement(grace)

    def _refuse(self, waiter: _Waiter, refusal: Callable[[], Exception]) -> None:
        waiter.refused = refusal
        waiter.granted.set()

    def _take_grant_back(self, refusal: Callable[[], Exception]) -> None:
        """Refuse who was granted the turn and has not woken up: it would send its statement after the end."""
        waiter, self._expected = self._expected, None
        if waiter is not None:
            self._refuse(waiter, refusal)
            waiter.holder.statements -= waiter.statement
            self._holder, self._depth = None, 0

    def _wait_for_statement(self, grace: float) -> bool:
        deadline = REAL.monotonic() + grace
        while self._statement_under_way():
            left = deadline - REAL.monotonic()
            if left <= 0:
                return False
            self._statement_over.wait(left)
        return True

    def _statement_under_way(self) -> bool:
        return self._evicting or (self._holder is not None and self._holder.statements > 0)

    def _grant(self, lease: Holder, statement: bool) -> bool:
        if self._refusal is not None:
            raise self._refusal()
        if self._holder is None or self._holder is lease:
            self._holder = lease
            self._depth += 1
            lease.statements += statement
            return True
        return False

    def _enqueue(self, lease: Holder, statement: bool) -> _Waiter:
        waiter = _Waiter(lease, statement)
        holder = self._holder
        if not in_event_loop():
            self._queue.append(waiter)
        elif holder is not None and (holder.in_transaction or holder.lasting):
            text = messages.loop_would_block(self.test, self.alias, participant(lease), participant(holder))
            raise EventLoopWouldBlock(text)
        else:
            # A single statement is under way: first in the queue, the loop waits for the database alone and for no
            # transaction.
            self._queue.appendleft(waiter)
        return waiter

    def _wait(self, waiter: _Waiter) -> None:
        try:
            WAITING[waiter.thread] = self
            self._wait_until_granted(waiter)
        except BaseException:
            # An interrupt, such as Ctrl-C or a time-out: nobody may be handed the turn who is not there any more.
            if not self._withdraw(waiter):
                self.give_back(waiter.holder, statement=waiter.statement)
            raise
        finally:
            WAITING.pop(waiter.thread, None)
        self._arrive(waiter)

    def _arrive(self, waiter: _Waiter) -> None:
        """Use a grant, unless the end has taken it back."""
        with self._mutex:
            if waiter.refused is not None:
                raise waiter.refused()
            if self._expected is waiter:
                self._expected = None

    def _wait_until_granted(self, waiter: _Waiter) -> None:
        patience = Patience(self.timeout, lambda: (self._holders, self._ended))
        while not waiter.granted.wait(_POLL_SECONDS):
            if self._late:
                self._give_back_late()
            self._evict_dead_holder()
            self._give_up_if_certain(waiter)
            if patience.is_over() and self._withdraw(waiter):
                raise self._deadlock(waiter)

    def _withdraw(self, waiter: _Waiter) -> bool:
        """Leave the queue; false if the turn was granted in the meantime, which is then used."""
        with self._mutex:
            if waiter.refused is not None:
                return True
            if waiter.granted.is_set():
                self._expected = None
                return False
            if waiter in self._queue:
                self._queue.remove(waiter)
            return True

    def _give_up_if_certain(self, waiter: _Waiter) -> None:
        """Raise if the holder cannot go on before the waiter does."""
        holder = self._holder
        if holder is None:
            return
        path = path_to_waiter(holder, waiter.thread)
        if path is not None and holder is self._holder and self._withdraw(waiter):
            raise SandboxDeadlock(
                messages.certain_deadlock(self.test, self.alias, participant(waiter.holder), participant(holder), path)
            )

    def _deadlock(self, waiter: _Waiter) -> SandboxDeadlock:
        holder = self._holder
        holding = participant(holder) if holder is not None else Participant("nobody any more", None, False, "")
        waiting = participant(waiter.holder)
        return SandboxDeadlock(messages.deadlock(self.test, self.alias, self.timeout, waiting, holding))

    def _evict_dead_holder(self) -> None:
        """What the server does for a client that died: roll its transaction back and let the next one in."""
        with self._mutex:
            holder = self._holder
            if holder is None or self._evicting or self._refusal is not None or not is_dead(holder):
                return
            self._evicting = True
        try:
            holder.abandon()
        finally:
            with self._mutex:
                self._evicting = False
                self._statement_over.notify_all()
                if self._holder is holder:
                    self._pass_on()

    def _pass_on(self) -> None:
        self._depth = 0
        self._holder = None
        self._holders += 1
        if self._queue and self._refusal is None:
            waiter = self._expected = self._queue.popleft()
            self._holder, self._depth = waiter.holder, 1
            waiter.holder.statements += waiter.statement
            waiter.granted.set()

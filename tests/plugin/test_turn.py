"""One at a time: order, reentrancy, time-outs, dead threads, event loops."""

from __future__ import annotations

import asyncio
import re
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_async_orm.errors import EventLoopWouldBlock, SandboxDeadlock, SandboxEnded
from pytest_async_orm.sharing.connection_queue import ConnectionQueue


class Lease:
    def __init__(self) -> None:
        self.thread = threading.current_thread()
        self.statements = 0
        self.lasting = False
        self.in_transaction = False
        self.abandoned = False

    def abandon(self) -> None:
        self.abandoned = True
        self.in_transaction = False


@pytest.fixture
def queue() -> ConnectionQueue:
    return ConnectionQueue("test_it", "default", 0.2)


@pytest.fixture
def started() -> Iterator[list[threading.Thread]]:
    threads: list[threading.Thread] = []
    yield threads
    for thread in threads:
        thread.join(5)


def run(call, threads: list[threading.Thread]) -> threading.Thread:
    thread = threading.Thread(target=call)
    threads.append(thread)
    thread.start()
    return thread


def wait_for_waiters(queue: ConnectionQueue, number: int) -> None:
    event = threading.Event()
    while queue.waiting < number:
        event.wait(0.001)


def test_reentrant_by_lease(queue: ConnectionQueue) -> None:
    """A lease that has the turn takes it again, and gives it back as often."""
    mine, other = Lease(), Lease()
    queue.take(mine)
    queue.take(mine)
    queue.give_back(mine)
    assert not queue.try_take(other)
    queue.give_back(mine)
    assert queue.try_take(other)


def test_first_come_first_served(started: list[threading.Thread]) -> None:
    """Waiting threads get the turn in the order in which they asked."""
    queue, holder, order = ConnectionQueue("test_it", "default", 10), Lease(), []
    queue.take(holder)

    def ask(number: int) -> None:
        lease = Lease()
        queue.take(lease)
        order.append(number)
        queue.give_back(lease)

    for number in range(4):
        run(lambda number=number: ask(number), started)
        wait_for_waiters(queue, number + 1)
    queue.give_back(holder)
    for thread in started:
        thread.join(5)
    assert order == [0, 1, 2, 3]


def test_deadlock_names_both_sides(queue: ConnectionQueue, started: list[threading.Thread]) -> None:
    """After the time-out the error says who waits and who holds, with alias, thread and stack of each, and a remedy."""
    holder, ready, done = Lease(), threading.Event(), threading.Event()

    def hold_it_for_long() -> None:
        holder.thread = threading.current_thread()
        holder.in_transaction = True
        queue.take(holder)
        ready.set()
        done.wait(10)

    run(hold_it_for_long, started).name = "holder"
    ready.wait(5)
    with pytest.raises(SandboxDeadlock) as caught:
        queue.take(Lease())
    done.set()
    text = str(caught.value)
    for part in (
        "has waited for it 0.2 s",
        "'default'",
        "test_it",
        "'MainThread'",
        "in hold_it_for_long",
        "test_deadlock_names_both_sides",
        "inside a transaction",
        "async_orm_lock_timeout",
        "transaction=True",
    ):
        assert part in text, part
    assert queue.waiting == 0


def test_dead_holder_is_evicted(queue: ConnectionQueue, started: list[threading.Thread]) -> None:
    """A thread that ended inside a transaction is rolled back, and the next one goes on."""
    leases = []

    def die_with_it() -> None:
        leases.append(Lease())
        leases[0].in_transaction = True
        queue.take(leases[0])

    run(die_with_it, started).join(5)
    mine = Lease()
    ConnectionQueue.take(queue, mine)
    assert leases[0].abandoned
    assert queue.holder is mine


def test_interrupted_wait_leaves_the_queue(queue: ConnectionQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that is interrupted while it waits is not handed the turn later."""
    holder, other = Lease(), Lease()
    queue.take(holder)

    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(queue, "_evict_dead_holder", interrupt)
    with pytest.raises(KeyboardInterrupt):
        queue.take(Lease())
    queue.give_back(holder)
    assert queue.try_take(other)


def test_event_loop_never_waits_for_a_transaction(queue: ConnectionQueue) -> None:
    """The loop's own thread gets an error at once if a transaction holds the queue."""
    holder = Lease()
    holder.in_transaction = True
    queue.take(holder)

    async def ask() -> None:
        queue.take(Lease())

    with pytest.raises(EventLoopWouldBlock) as caught:
        asyncio.run(ask())
    advice, holds, asked, *_ = str(caught.value).splitlines()
    assert "sync_to_async()" in advice
    assert holds.endswith("holds the connection 'default'")
    assert re.fullmatch(r"  .*test_turn.py:\d+ asked for it on the event loop's own thread", asked)


def test_closed_queue_refuses_waiting_and_new(queue: ConnectionQueue, started: list[threading.Thread]) -> None:
    """After the sandbox's end those who wait, and those who come, are refused."""
    refused: list[BaseException] = []
    queue.take(Lease())

    def ask() -> None:
        try:
            queue.take(Lease())
        except SandboxEnded as error:
            refused.append(error)

    run(ask, started)
    wait_for_waiters(queue, 1)
    assert queue.close(lambda: SandboxEnded("over"), 0.1)
    started[0].join(5)
    assert len(refused) == 1
    with pytest.raises(SandboxEnded):
        queue.take(Lease())


def test_close_waits_for_the_statement_under_way(queue: ConnectionQueue) -> None:
    """Whether a statement is still under way after the grace is told."""
    lease = Lease()
    queue.take(lease, statement=True)
    assert not queue.close(lambda: SandboxEnded("over"), 0.01)
    queue.give_back(lease, statement=True)
    assert queue.close(lambda: SandboxEnded("over"), 0.01)


def test_collector_never_blocks(queue: ConnectionQueue) -> None:
    """What the garbage collector calls takes nothing while a statement runs, or another thread owns the transaction."""
    lease = Lease()
    queue.take(lease, statement=True)
    assert not queue.try_take(lease)
    queue.end_statement(lease)
    lease.thread = threading.Thread()
    assert not queue.try_take(lease)
    with queue._mutex:
        assert not queue.try_take(Lease())


def hold_until(queue: ConnectionQueue, over: threading.Event, each: object = None) -> Lease:
    """Hold the turn inside a transaction until an event is set, doing something every 20 ms."""
    holder = Lease()
    holder.in_transaction = True
    queue.take(holder)
    while not over.wait(0.02):
        if each is not None:
            each(holder)
    queue.give_back(holder)
    return holder


def send(queue: ConnectionQueue, holder: Lease) -> None:
    """One statement of the holder's."""
    queue.take(holder, statement=True)
    queue.give_back(holder, statement=True)


def waited(queue: ConnectionQueue) -> float:
    """The seconds after which a wait is given up."""
    started = time.monotonic()
    with pytest.raises(SandboxDeadlock):
        queue.take(Lease())
    return time.monotonic() - started


def test_statements_of_the_holder_restart_the_clock(queue: ConnectionQueue, started: list[threading.Thread]) -> None:
    """A long transaction that goes on is no deadlock; one that goes on for six time-outs is."""
    over = threading.Event()
    run(lambda: hold_until(queue, over, lambda holder: send(queue, holder)), started)
    while queue.holder is None:
        over.wait(0.001)
    seconds = waited(queue)
    over.set()
    assert seconds > 5 * queue.timeout


def test_queue_that_moves_is_no_deadlock(queue: ConnectionQueue, started: list[threading.Thread]) -> None:
    """Twenty threads hold the turn for 100 ms each, two time-outs together, and none is refused."""
    queue.timeout = 1.0
    errors: list[BaseException] = []

    def work() -> None:
        lease = Lease()
        try:
            queue.take(lease)
            threading.Event().wait(0.1)
            queue.give_back(lease)
        except SandboxDeadlock as error:
            errors.append(error)

    for _ in range(20):
        run(work, started)
    for thread in started:
        thread.join(10)
    assert errors == []


@pytest.mark.planted
def test_clock_that_never_restarts_is_caught(
    queue: ConnectionQueue, started: list[threading.Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted from the first moment, the same queue is called a deadlock."""

    def is_over(self: Any) -> bool:
        return time.monotonic() - self._since >= queue.timeout

    monkeypatch.setattr("pytest_async_orm.sharing.waiting.Patience.is_over", is_over)
    with pytest.raises(AssertionError):
        test_queue_that_moves_is_no_deadlock(queue, started)


def test_time_out_under_a_frozen_clock(
    queue: ConnectionQueue, started: list[threading.Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests that freeze the time replace `time.monotonic`, also in modules that have it by name."""
    over, real = threading.Event(), time.monotonic
    run(lambda: hold_until(queue, over), started)
    while queue.holder is None:
        over.wait(0.001)
    before = real()
    for module in [*sys.modules.values()]:
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if value is real and module is not threading:
                monkeypatch.setattr(module, name, lambda: 0.0)
    with pytest.raises(SandboxDeadlock):
        queue.take(Lease())
    monkeypatch.undo()
    over.set()
    assert real() - before < 10 * queue.timeout

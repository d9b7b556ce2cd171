"""How a sandbox ends: what it notices, what it rolls back, and who may not go on."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from sandbox_marks import LEAVES_IT_OPEN

from pytest_async_orm.errors import SandboxEnded, TransactionLost
from pytest_async_orm.sharing.layers import Layers, work_of
from pytest_async_orm.sharing.sandbox import Sandbox
from sample_app.models import Tag

pytestmark = [pytest.mark.django_db, pytest.mark.async_orm_sandbox("off")]


def test_lost_transaction_is_noticed(sandbox: Sandbox, layers: Layers, shared_connection: Any) -> None:
    """If the raw connection's transaction ends, the next statement and the end say so, and name the test."""
    Tag.objects.create(name="a")
    shared_connection.raw.rollback()
    if shared_connection.dialect.sees_transaction:
        with pytest.raises(TransactionLost, match=r"test_example\.py::test_it"):
            Tag.objects.create(name="b")
    ending = layers.pop()
    assert len(ending.lost) == 1
    assert ending.committed == ["default"]


def test_closed_connection_is_noticed(sandbox: Sandbox, layers: Layers, shared_connection: Any) -> None:
    """If the raw connection is closed, queries fail, and the end says so; a server has rolled back by itself."""
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("a database in memory ends with its connection")
    Tag.objects.create(name="a")
    shared_connection.raw.close()
    with pytest.raises((DatabaseError, TransactionLost)):
        Tag.objects.count()
    with pytest.raises(TransactionLost):
        Tag.objects.count()
    ending = layers.pop()
    assert len(ending.lost) == 1
    assert ending.committed == []


@LEAVES_IT_OPEN
def test_unfinished_transaction_is_rolled_back(sandbox: Sandbox, layers: Layers) -> None:
    """What is still open at the end is rolled back; what was committed stays until the test's own roll-back."""
    Tag.objects.create(name="kept")
    thread = threading.Thread(target=lambda: (transaction.atomic().__enter__(), Tag.objects.create(name="dropped")))
    thread.start()
    thread.join()
    layers.pop()
    assert list(Tag.objects.values_list("name", flat=True)) == ["kept"]


@LEAVES_IT_OPEN
def test_waiters_of_the_end_are_named(
    sandbox: Sandbox, layers: Layers, shared_connection: Any, worker: Any, other_worker: Any
) -> None:
    """Whoever waits for its turn when the test ends is waited for; if it is refused, by the name of its own thread."""
    begun, go = threading.Event(), threading.Event()
    shared_connection.queue.timeout = 20

    def holds() -> None:
        with transaction.atomic():
            Tag.objects.count()
            begun.set()
            go.wait(20)

    holding = worker.start(holds)
    begun.wait(20)
    waiting = other_worker.start(Tag.objects.count)
    while not any(virtual.lease.waits for virtual in sandbox._virtuals):
        pass
    found = [virtual.lease for virtual in sandbox._virtuals if virtual.lease.waits]
    assert all(map(sandbox.threads.still_works, found))
    layers.pop()
    go.set()
    with pytest.raises(SandboxEnded, match=found[0].thread.name):
        waiting.result(20)
    holding.exception(20)


@LEAVES_IT_OPEN
def test_use_after_the_end(sandbox: Sandbox, layers: Layers, worker: Any) -> None:
    """A connection that outlives its sandbox is refused, with the test's name."""
    kept = worker(lambda: connections["default"])
    worker(kept.ensure_connection)
    layers.pop()
    with pytest.raises(SandboxEnded, match=r"test_example\.py::test_it"):
        worker(lambda: kept.cursor().execute("SELECT 1"))


def test_context_that_outlives_its_test(sandbox: Sandbox, layers: Layers) -> None:
    """Work that carries an ended sandbox's context is refused, on any thread."""
    layers.pop()
    with work_of(sandbox), pytest.raises(SandboxEnded, match="Nothing was read or written"):
        connections["default"]


def test_thread_that_outlives_its_test(db: None, layers: Layers) -> None:
    """A thread that goes on with an ended test's work is refused; the same executor's next call is not."""
    from pytest_async_orm.sharing.scopes import scope_transaction

    go_on, started, outcome = threading.Event(), threading.Event(), []

    def work() -> None:
        started.set()
        go_on.wait(10)
        try:
            Tag.objects.create(name="late")
        except SandboxEnded as error:
            outcome.append(str(error))

    with scope_transaction(["default"], "the first test", 1) as first:
        layers.push(first)
        thread = threading.Thread(target=work)
        thread.start()
        started.wait(5)
        layers.pop()
    with scope_transaction(["default"], "the second test", 1) as second:
        layers.push(second)
        go_on.set()
        thread.join(5)
        assert Tag.objects.count() == 0
        layers.pop()
    assert len(outcome) == 1
    assert "the first test" in outcome[0]
    assert "the second test" in outcome[0]


def test_knowledge_is_shared(sandbox: Sandbox, layers: Layers, worker: Any) -> None:
    """What one thread's connection has learnt of the server is not asked for again."""
    virtual = worker(lambda: connections["default"])
    vars(virtual.features)["learnt"] = True
    layers.pop()
    assert "learnt" in vars(virtual.lease.shared.wrapper.features)


@LEAVES_IT_OPEN
def test_executor_call_is_told_from_its_thread(db: None, layers: Layers, worker: Any) -> None:
    """A pool's thread that finished one test's work serves the next."""
    from pytest_async_orm.sharing.scopes import scope_transaction

    for number in range(2):
        with scope_transaction(["default"], f"test {number}", 1) as sandbox:
            layers.push(sandbox)
            worker(lambda: Tag.objects.create(name="same"))
            assert worker(Tag.objects.count) == 1
            layers.pop()

"""A sandbox by plain calls: what it sends, what it refuses, how it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.test.testcases import DatabaseOperationForbidden

from pytest_async_orm.drivers.dialects import Dialect
from pytest_async_orm.errors import SandboxDeadlock, SandboxEnded, TransactionLost
from pytest_async_orm.sharing.layers import Layers, work_of
from pytest_async_orm.sharing.sandbox import Sandbox
from pytest_async_orm.sharing.scopes import scope_transaction
from sample_app.models import AuditEntry, Comment, Post, Tag

pytestmark = [pytest.mark.django_db, pytest.mark.async_orm_sandbox("off")]
LEAVES_IT_OPEN = pytest.mark.allow_connection_leaks(reason="what is left open is what the test is about")


@contextmanager
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that the plugin itself sends."""
    statements: list[str] = []
    original = Dialect.send

    def send(self: Dialect, sql: str) -> None:
        statements.append(sql)
        original(self, sql)

    with monkeypatch.context() as patch:
        patch.setattr(Dialect, "send", send)
        yield statements


def test_each_thread_has_its_own_connection(sandbox: Sandbox, worker: Any) -> None:
    """Two threads have two connections with their own state, over one physical connection."""
    mine, theirs = connections["default"], worker(lambda: connections["default"])
    assert mine is connections["default"]
    assert mine is not theirs
    with transaction.atomic():
        assert (mine.in_atomic_block, theirs.in_atomic_block) == (True, False)
    worker(theirs.ensure_connection)
    assert mine.lease.shared.raw is theirs.lease.shared.raw


def test_only_the_real_handler_is_routed(sandbox: Sandbox) -> None:
    """A connection handler that an application makes for itself is left alone."""
    from django.db.utils import ConnectionHandler

    assert not hasattr(ConnectionHandler(connections.settings)["default"], "lease")


def test_statements_in_autocommit(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exact counts: nothing where a failure spoils nothing, else one round trip before each statement."""
    with sent(monkeypatch) as statements:
        Tag.objects.create(name="a")
        Tag.objects.count()
        Tag.objects.count()
    assert len(statements) == (3 if connection.vendor == "postgresql" else 0)


def test_statements_of_a_transaction(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exact counts: a transaction is one savepoint and its release, whatever is done inside."""
    with sent(monkeypatch) as statements, transaction.atomic():
        Tag.objects.create(name="a")
        Tag.objects.count()
    assert [statement.split()[0] for statement in statements] == ["SAVEPOINT", "RELEASE"]


def test_statements_of_a_roll_back(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exact counts: a roll-back is one statement more."""
    with sent(monkeypatch) as statements, transaction.atomic():
        transaction.set_rollback(True)
    assert [statement.split()[0] for statement in statements] == ["SAVEPOINT", "ROLLBACK", "RELEASE"]


def test_rows_of_a_write_do_not_keep_others_out(sandbox: Sandbox, worker: Any) -> None:
    """A thread begins a transaction while another one has yet to fetch what its INSERT returned."""
    if not connection.features.can_return_columns_from_insert:
        pytest.skip("the database returns no columns")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO sample_app_tag (name) VALUES ('a'), ('b'), ('c') RETURNING name")
        worker(transaction.atomic(lambda: Tag.objects.create(name="d")))
        assert tuple(cursor.fetchone()) == ("a",)
        assert [tuple(row) for row in cursor.fetchmany(1)] == [("b",)]
        assert [tuple(row) for row in cursor] == [("c",)]
        assert list(cursor.fetchall()) == []


class SlowCursor:
    """A cursor whose closing takes until it may end, as a round trip to the server does."""

    def __init__(self) -> None:
        self.closing, self.may_end, self.closed = threading.Event(), threading.Event(), False

    def close(self) -> None:
        self.closing.set()
        assert self.may_end.wait(5)
        self.closed = True


def test_cursor_that_another_thread_closes(
    sandbox: Sandbox, physical: Any, worker: Any, other_worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a thread closes a cursor of another thread's, as the end of a generator does, the owner waits."""
    monkeypatch.setattr(physical.queue, "timeout", 5)
    lease = worker(lambda: (Tag.objects.count(), connections["default"].lease)[1])
    cursor = SlowCursor()
    closing = other_worker.start(physical.close_cursor, lease, cursor)
    assert cursor.closing.wait(5)
    statement = worker.start(lambda: (Tag.objects.count(), cursor.closed)[1])
    while not physical.queue.waiting and not statement.done():
        threading.Event().wait(0.001)
    cursor.may_end.set()
    closing.result(5)
    assert statement.result(5)


def test_no_connect(sandbox: Sandbox, worker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox opens no physical connection, on no thread."""
    from django.db.backends.base.base import BaseDatabaseWrapper

    wrapper = type(sandbox._shared["default"].wrapper)
    assert issubclass(wrapper, BaseDatabaseWrapper)
    monkeypatch.setattr(wrapper, "get_new_connection", lambda *args: pytest.fail("connected"))
    worker(lambda: Tag.objects.create(name="a"))
    assert Tag.objects.count() == 1


def test_failure_undoes_its_statement_alone(sandbox: Sandbox, worker: Any) -> None:
    """In autocommit a failed statement leaves what was there before, on this thread and others."""
    Tag.objects.create(name="a")
    worker(lambda: Tag.objects.create(name="b"))
    for name in ("a", "b"):
        with pytest.raises(IntegrityError):
            Tag.objects.create(name=name)
    assert Tag.objects.count() == 2


def test_a_function_that_writes_survives_a_failure(sandbox: Sandbox) -> None:
    """A SELECT that writes counts as a write: the failure after it does not undo it."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION add_tag() RETURNS int AS $$ INSERT INTO sample_app_tag (name) VALUES ('f') RETURNING 1 "
            "$$ LANGUAGE sql"
        )
        cursor.execute("SELECT add_tag()")
        cursor.fetchall()
    with pytest.raises(IntegrityError):
        Tag.objects.create(name="f")
    assert Tag.objects.count() == 1


def test_deadlock_between_two_threads(sandbox: Sandbox, worker: Any) -> None:
    """A thread that waits inside atomic for another thread's query gets the report within the time-out, and all
    goes on.
    """
    with transaction.atomic():
        with pytest.raises(SandboxDeadlock, match=r"test_example\.py::test_it"):
            worker(Tag.objects.count)
        Tag.objects.create(name="a")
    assert worker(Tag.objects.count) == 1


@pytest.mark.parametrize("sql", ["COMMIT", "ROLLBACK", "BEGIN"])
def test_transaction_control_is_refused(sandbox: Sandbox, sql: str) -> None:
    """A statement that would end the test's transaction is not sent, and the sandbox stays good."""
    Tag.objects.create(name="a")
    with connection.cursor() as cursor, pytest.raises(TransactionLost, match="was not run"):
        cursor.execute(sql)
    assert Tag.objects.count() == 1


def test_implicit_commit_is_refused(sandbox: Sandbox) -> None:
    """On MariaDB a statement that defines a table is not sent; elsewhere it runs and is rolled back."""
    with connection.cursor() as cursor:
        if connection.vendor == "mysql":
            with pytest.raises(TransactionLost, match="commits implicitly"):
                cursor.execute("CREATE TABLE t (i int)")
        else:
            cursor.execute("CREATE TABLE t (i int)")
    assert Tag.objects.count() == 0


def test_lost_transaction_is_noticed(sandbox: Sandbox, layers: Layers, physical: Any) -> None:
    """If the raw connection's transaction ends, the next statement and the end say so, and name the test."""
    Tag.objects.create(name="a")
    physical.raw.rollback()
    if physical.dialect.sees_transaction:
        with pytest.raises(TransactionLost, match=r"test_example\.py::test_it"):
            Tag.objects.create(name="b")
    ending = layers.pop()
    assert len(ending.lost) == 1
    assert ending.committed == ["default"]


def test_closed_connection_is_noticed(sandbox: Sandbox, layers: Layers, physical: Any) -> None:
    """If the raw connection is closed, queries fail, and the end says so; a server has rolled back by itself."""
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("a database in memory ends with its connection")
    Tag.objects.create(name="a")
    physical.raw.close()
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


def test_forbidden_database(sandbox: Sandbox, worker: Any) -> None:
    """A database outside the sandbox is refused on every thread, whatever the Django version."""
    with pytest.raises(DatabaseOperationForbidden, match="to 'other' are not allowed"):
        worker(AuditEntry.objects.count)


def test_closing_costs_nothing(sandbox: Sandbox, physical: Any) -> None:
    """close() and close_all() leave the physical connection open, and the next statement works."""
    Tag.objects.create(name="a")
    connections.close_all()
    connection.close()
    assert physical.dialect.alive()
    assert Tag.objects.count() == 1


@LEAVES_IT_OPEN
def test_copy_is_a_second_connection_of_the_test(sandbox: Sandbox) -> None:
    """`connection.copy()` gives another connection with the same rows, not a real one that would commit."""
    Tag.objects.create(name="a")
    twin = connections["default"].copy()
    with twin.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM sample_app_tag")
        assert cursor.fetchone()[0] == 1


def test_constraints_are_checked_by_the_tests_own_end(sandbox: Sandbox, layers: Layers) -> None:
    """A deferred violation is left for pytest-django's check, as in a TestCase."""
    if not connection.features.can_defer_constraint_checks:
        return
    post = Post.objects.create(title="p", content="c")
    Comment.objects.create(post_id=post.pk + 1, content="nowhere")
    layers.pop()
    with pytest.raises(IntegrityError):
        connections["default"].check_constraints()


def test_manual_transactions(sandbox: Sandbox) -> None:
    """Autocommit switched off by hand: commit keeps, rollback drops, and the turn is free at the end."""
    transaction.set_autocommit(False)
    Tag.objects.create(name="dropped")
    transaction.rollback()
    Tag.objects.create(name="kept")
    transaction.commit()
    transaction.set_autocommit(True)
    assert [tag.name for tag in Tag.objects.all()] == ["kept"]


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


def savepoints_of_layers() -> None:
    """An outer layer has a nested block open while an inner one uses and ends its own."""
    layers = Layers()
    with scope_transaction(["default"], "the class", 1) as outer:
        layers.push(outer)
        with transaction.atomic(), transaction.atomic():
            Tag.objects.create(name="of the class")
            layers.suspend()
            with scope_transaction(["default"], "the test", 1) as inner:
                layers.push(inner)
                with transaction.atomic(), transaction.atomic():
                    Tag.objects.create(name="of the test")
                assert layers.pop().lost == []
            layers.resume()
            assert [tag.name for tag in Tag.objects.all()] == ["of the class"]
        assert layers.pop().lost == []


@pytest.mark.django_db
def test_savepoints_of_several_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their names differ: on MariaDB and MySQL a name that is used again deletes the older savepoint."""
    with sent(monkeypatch) as statements:
        savepoints_of_layers()
    assert all_differ(statements)


@pytest.mark.planted
@pytest.mark.django_db
def test_equal_names_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each layer counts from the start, names come twice."""
    if connection.vendor == "mysql":
        pytest.skip("the transaction would be lost")
    monkeypatch.setattr("pytest_async_orm.sharing.shared_connection._NUMBERS", repeat(1))
    with sent(monkeypatch) as statements:
        savepoints_of_layers()
    assert not all_differ(statements)


def all_differ(statements: list[str]) -> bool:
    """Whether no savepoint has the name of another; PostgreSQL's standing one is moved by its name."""
    names = [sql for sql in statements if sql.startswith("SAVEPOINT") and "autocommit" not in sql]
    return len({*names}) == len(names) > 1


def test_each_task_has_its_own_connection(sandbox: Sandbox) -> None:
    """As in Django: two tasks of one loop have two connections, a task's own call the task's."""

    async def mine() -> tuple[Any, Any]:
        return connections["default"], connections["default"]

    async def both() -> list[tuple[Any, Any]]:
        return await asyncio.gather(mine(), mine())

    (first, again), (second, _) = asyncio.run(both())
    assert first is again
    assert first is not second
    assert connections["default"] not in (first, second)

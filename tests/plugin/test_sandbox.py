"""A sandbox by plain calls: what it sends and what it refuses."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test.testcases import DatabaseOperationForbidden
from sandbox_marks import LEAVES_IT_OPEN, sent

from pytest_async_orm.errors import SandboxDeadlock, TransactionLost
from pytest_async_orm.sharing.sandbox import Sandbox
from sample_app.models import AuditEntry, Tag

pytestmark = [pytest.mark.django_db, pytest.mark.async_orm_sandbox("off")]


def test_each_thread_has_its_own_connection(sandbox: Sandbox, worker: Any) -> None:
    """Two threads have two connections with their own state, over one shared connection."""
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
    """Exact counts: one round trip before each statement on PostgreSQL, which a check before it spares; on SQLite one
    before what may leave a foreign key violated.
    """
    with sent(monkeypatch) as statements:
        Tag.objects.create(name="a")
        Tag.objects.count()
        Tag.objects.count()
    assert len(statements) == {"postgresql": 3, "sqlite": 1}.get(connection.vendor, 0)


def test_statements_of_a_transaction(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exact counts: a transaction is one savepoint and its release, whatever is done inside."""
    with sent(monkeypatch) as statements, transaction.atomic():
        Tag.objects.create(name="a")
        Tag.objects.count()
    assert [statement.split("; ")[-1].split()[0] for statement in statements] == ["SAVEPOINT", "RELEASE"]


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
    sandbox: Sandbox, shared_connection: Any, worker: Any, other_worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a thread closes a cursor of another thread's, as the end of a generator does, the owner waits."""
    monkeypatch.setattr(shared_connection.queue, "timeout", 5)
    lease = worker(lambda: (Tag.objects.count(), connections["default"].lease)[1])
    cursor = SlowCursor()
    closing = other_worker.start(shared_connection.close_cursor, lease, cursor)
    assert cursor.closing.wait(5)
    statement = worker.start(lambda: (Tag.objects.count(), cursor.closed)[1])
    while not shared_connection.queue.waiting and not statement.done():
        threading.Event().wait(0.001)
    cursor.may_end.set()
    closing.result(5)
    assert statement.result(5)


def test_no_connect(sandbox: Sandbox, worker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox opens no real connection, on no thread."""
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
    """A thread that waits inside atomic for another thread's query gets the report in time, and all goes on."""
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


def test_forbidden_database(sandbox: Sandbox, worker: Any) -> None:
    """A database outside the sandbox is refused on every thread, whatever the Django version."""
    with pytest.raises(DatabaseOperationForbidden, match="to 'other' are not allowed"):
        worker(AuditEntry.objects.count)


def test_closing_costs_nothing(sandbox: Sandbox, shared_connection: Any) -> None:
    """close() and close_all() leave the shared connection open, and the next statement works."""
    Tag.objects.create(name="a")
    connections.close_all()
    connection.close()
    assert shared_connection.dialect.alive()
    assert Tag.objects.count() == 1


@LEAVES_IT_OPEN
def test_copy_is_a_second_connection_of_the_test(sandbox: Sandbox) -> None:
    """`connection.copy()` gives another connection with the same rows, not a real one that would commit."""
    Tag.objects.create(name="a")
    twin = connections["default"].copy()
    with twin.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM sample_app_tag")
        assert cursor.fetchone()[0] == 1


def test_manual_transactions(sandbox: Sandbox) -> None:
    """Autocommit switched off by hand: commit keeps, rollback drops, and the queue is free at the end."""
    transaction.set_autocommit(False)
    Tag.objects.create(name="dropped")
    transaction.rollback()
    Tag.objects.create(name="kept")
    transaction.commit()
    transaction.set_autocommit(True)
    assert [tag.name for tag in Tag.objects.all()] == ["kept"]

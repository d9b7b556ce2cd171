"""Attributes of the driver's connection that a thread sets: gone with its connection, and never a later test's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from sandbox_marks import STARTED_BY_HAND

from pytest_async_orm.sharing.attributes import Attributes
from pytest_async_orm.sharing.layers import Layers
from sample_app.models import Tag

pytestmark = [*STARTED_BY_HAND, pytest.mark.usefixtures("sandbox")]


def as_dict(cursor: Any, row: Any) -> dict[str, Any]:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


def want_dicts() -> None:
    """Each driver's own way to have rows as dictionaries."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        connection.connection.row_factory = as_dict
    elif connection.vendor == "postgresql":
        rows = pytest.importorskip("psycopg.rows")
        connection.connection.row_factory = rows.dict_row
    else:
        cursors = pytest.importorskip("pymysql.cursors")
        connection.connection.cursorclass = cursors.DictCursor


def row() -> Any:
    connection.ensure_connection()
    with connection.connection.cursor() if connection.vendor == "mysql" else connection.cursor() as cursor:
        cursor.execute("SELECT 1 AS one")
        return cursor.fetchone()


def export() -> Any:
    want_dicts()
    return row()


def export_and_close() -> Any:
    try:
        return export()
    finally:
        connections.close_all()


def write(name: str) -> Any:
    return Tag.objects.create(name=name)


def test_gone_with_the_connection(worker: Any, other_worker: Any) -> None:
    """A thread that closes its connection leaves none of it to another one, nor to itself."""
    assert worker(export_and_close) == {"one": 1}
    assert other_worker(row) == (1,)
    assert worker(row) == (1,)


def test_gone_with_the_test(worker: Any, layers: Layers) -> None:
    """A thread that does not close it leaves none of it to the next test."""
    assert worker(export) == {"one": 1}
    layers.pop()
    assert row() == (1,)


def stop_everything() -> None:
    """What a report with a time limit does, and what stops any other statement too, unless it is undone."""
    connection.ensure_connection()
    connection.connection.set_progress_handler(lambda: True, 1)
    with pytest.raises(DatabaseError, match="interrupted"):
        Tag.objects.count()


def stop_and_close() -> None:
    try:
        stop_everything()
    finally:
        connections.close_all()


@pytest.fixture
def on_sqlite() -> None:
    """Its driver calls the program back."""
    if connection.vendor != "sqlite":
        pytest.skip("of SQLite")


@pytest.mark.usefixtures("on_sqlite")
def test_what_the_driver_was_told(worker: Any, other_worker: Any, layers: Layers) -> None:
    """It goes with the thread's connection, and at the end of the test before anything else is sent."""
    worker(stop_and_close)
    assert other_worker(write, "goes on")
    worker(stop_everything)
    ending = layers.pop()
    assert not ending.lost
    assert write("next")


@pytest.mark.usefixtures("on_sqlite")
def test_each_way_to_tell_it(worker: Any, other_worker: Any) -> None:
    """Callbacks and limits are as they were."""
    sqlite3 = pytest.importorskip("sqlite3")
    told: list[str] = []

    def tell() -> int:
        connection.ensure_connection()
        raw = connection.connection
        raw.set_trace_callback(told.append)
        raw.set_authorizer(lambda action, *_: sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_READ else 0)
        before: int = raw.setlimit(sqlite3.SQLITE_LIMIT_COLUMN, 2) if hasattr(raw, "setlimit") else 0
        connections.close_all()
        told.clear()
        return before

    def limit() -> int:
        connection.ensure_connection()
        raw = connection.connection
        return raw.getlimit(sqlite3.SQLITE_LIMIT_COLUMN) if hasattr(raw, "getlimit") else 0

    before = worker(tell)
    assert other_worker(Tag.objects.count) == 0
    assert (told, other_worker(limit)) == ([], before)


@pytest.fixture
def on_psycopg() -> None:
    """It alone has attributes of transactions, but psycopg2, for whose connection nothing can stand."""
    if connection.vendor != "postgresql":
        pytest.skip("of PostgreSQL")
    pytest.importorskip("psycopg")


def only_read(work: Callable[[], Any]) -> Any:
    connection.ensure_connection()
    connection.connection.read_only = True
    try:
        with transaction.atomic():
            return work()
    finally:
        connection.connection.read_only = None


@pytest.mark.usefixtures("on_psycopg")
def test_a_transaction_that_only_reads(worker: Any, other_worker: Any) -> None:
    """It may not write; what comes after it may, on the same thread and on others, and in the next test."""
    assert worker(only_read, Tag.objects.count) == 0
    with pytest.raises(DatabaseError, match="read-only"):
        worker(only_read, lambda: write("refused"))
    for number, thread in enumerate((worker, other_worker)):
        thread(write, f"written {number}")
    assert worker(Tag.objects.count) == 2
    assert connections["default"].lease.shared.raw.read_only is None


@pytest.mark.usefixtures("on_psycopg")
def test_a_level_of_isolation(worker: Any, other_worker: Any) -> None:
    """It is the thread's own, is read back, and cannot be changed within a transaction."""
    psycopg = pytest.importorskip("psycopg")
    level = psycopg.IsolationLevel.SERIALIZABLE

    def report() -> tuple[Any, int]:
        connection.ensure_connection()
        connection.connection.isolation_level = level
        with transaction.atomic():
            Tag.objects.count()
            with pytest.raises(psycopg.ProgrammingError, match="INTRANS"):
                connection.connection.set_isolation_level(None)
        return connection.connection.isolation_level, Tag.objects.count()

    def other() -> Any:
        connection.ensure_connection()
        return connection.connection.isolation_level

    assert worker(report) == (level, 0)
    assert other_worker(other) is None
    worker(connections.close_all)
    assert worker(other) is None


FAULTS: list[tuple[str, Any, Callable[..., None], list[str]]] = [
    ("close", lambda self, lease: None, test_gone_with_the_connection, ["worker", "other_worker"]),
    ("finish", lambda self: None, test_gone_with_the_test, ["worker", "layers"]),
    ("_undo", lambda self, calls: None, test_what_the_driver_was_told, ["worker", "other_worker", "layers"]),
    ("_undo", lambda self, calls: None, test_each_way_to_tell_it, ["worker", "other_worker"]),
    ("begin", lambda self, lease: None, test_a_transaction_that_only_reads, ["worker", "other_worker"]),
    ("keeps_apart", False, test_a_level_of_isolation, ["worker", "other_worker"]),
]


@pytest.mark.planted
@pytest.mark.parametrize(("name", "fault", "test", "fixtures"), FAULTS)
def test_planted_fault_is_caught(
    name: str, fault: Any, test: Any, fixtures: list[str], request: pytest.FixtureRequest, monkeypatch: Any
) -> None:
    """What is set stays, or does nothing."""
    if test in (test_what_the_driver_was_told, test_each_way_to_tell_it):
        request.getfixturevalue("on_sqlite")
    if test in (test_a_transaction_that_only_reads, test_a_level_of_isolation):
        request.getfixturevalue("on_psycopg")
    given = {fixture: request.getfixturevalue(fixture) for fixture in fixtures}
    monkeypatch.setattr(Attributes, name, fault)
    with pytest.raises(BaseException):  # noqa: B017, PT011 - a fault may show as any error
        test(**given)
    monkeypatch.undo()
    for shared in {one.lease.shared for one in request.getfixturevalue("sandbox")._virtuals}:
        shared.attributes.finish()

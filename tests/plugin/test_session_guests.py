"""Settings of a session where a test keeps its own transaction: the test has its own, and each guest has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError, connections, transaction
from django.test import override_settings
from sandbox_marks import STARTED_BY_HAND
from session_scenes import Way, first_way, get, only_on, put, run, transactional, unset

from pytest_async_orm.errors import SessionShared
from pytest_async_orm.sharing.hosting import Host
from pytest_async_orm.sharing.layers import Layers
from pytest_async_orm.sharing.session import SharedSession

pytestmark = [*STARTED_BY_HAND, pytest.mark.allow_connection_leaks(reason="threads end where they are")]


@pytest.fixture
def host(db: None, layers: Layers) -> Iterator[Host]:
    """The test itself as the host of its guests."""
    host = Host("test_example.py::test_it", 5)
    host.start([connections["default"]])
    layers.push(host)
    yield host
    layers.pop()


@pytest.fixture
def any_way(host: Host) -> Iterator[Way]:
    """What the test sets in its own session stays there for the next, where the database does not roll it back."""
    way = first_way()
    yield way
    if not way.transactional:
        unset(way)


def test_a_guest_does_not_see_what_the_test_sets(host: Host, worker: Any, any_way: Way) -> None:
    """From the moment when a guest has come, each has its own."""
    assert worker(get, any_way) is None
    put(any_way, 1)
    worker(put, any_way, 2)
    assert (get(any_way), worker(get, any_way), get(any_way)) == (1, 2, 1)


def test_what_was_set_before_a_guest_came(host: Host, worker: Any, any_way: Way) -> None:
    """A guest has what a connection has when it is opened; the test keeps its own."""
    put(any_way, 1)
    put(any_way, 2)
    assert worker(get, any_way) is None
    worker(put, any_way, 3)
    assert (get(any_way), worker(get, any_way)) == (2, 3)


def test_what_was_set_while_nothing_can_be_asked(host: Host, worker: Any, any_way: Way) -> None:
    """In a failed transaction the test gets the server's own error, as without guests."""
    transactional()

    def failing() -> None:
        with transaction.atomic():
            with pytest.raises(DatabaseError, match="nowhere"):
                run("SELECT nonsense FROM nowhere")
            with pytest.raises(DatabaseError, match="aborted"):
                put(any_way, 1)
            transaction.set_rollback(True)

    failing()
    assert worker(get, any_way) is None


def test_what_the_database_cannot_be_asked(host: Host, any_way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's statement is sent all the same, once, and an error is its own."""

    def lost(*_: Any) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(SharedSession, "_before", lost)
    put(any_way, 1)
    assert get(any_way) == 1
    with transaction.atomic():
        with pytest.raises(DatabaseError):
            run("CREATE TEMPORARY TABLE nonsense (")
        transaction.set_rollback(True)


def test_cursors_of_others_are_left_alone(host: Host) -> None:
    """A backend may make cursors of its own, which may keep nothing besides."""

    class Cursor:
        __slots__ = ()

    wrapper = connections["default"]
    cursor = Cursor()
    made = {name: mock.Mock(return_value=cursor) for name in ("make_cursor", "make_debug_cursor")}
    with mock.patch.multiple(wrapper, **made):
        assert wrapper.cursor() is cursor


def test_whoever_replaces_the_cursors_method(host: Host, worker: Any, any_way: Way) -> None:
    """A statement by hand goes through what stands in the class when it is sent."""
    put(any_way, 1)
    with connections["default"].cursor() as cursor, mock.patch.object(type(cursor), "execute") as execute:
        cursor.execute(any_way.set_.format(2), None)
    assert execute.call_count == 1
    assert (get(any_way), worker(get, any_way)) == (1, None)


def test_what_was_made_before_a_guest_came(host: Host, worker: Any) -> None:
    """It is the test's alone, and stays when the guests are gone."""
    run("CREATE TEMPORARY TABLE own (i int)")
    with pytest.raises(SessionShared, match="temporary table 'own'"):
        worker(run, "SELECT COUNT(*) FROM own")
    worker(run, "CREATE TEMPORARY TABLE others (i int)")
    host.end()
    assert run("SELECT COUNT(*) FROM own") == 0
    run("CREATE TEMPORARY TABLE others (i int)")
    for name in ("own", "others"):
        run(f"DROP TABLE {name}")


@pytest.mark.parametrize("guest_first", [False, True])
def test_lock_of_the_tests_transaction(host: Host, worker: Any, guest_first: bool) -> None:
    """The test's transaction is open until the end, and has the lock until then."""
    only_on("postgresql")
    if guest_first:
        worker(run, "SELECT 1")
    assert run("SELECT pg_try_advisory_xact_lock(7)")
    with pytest.raises(SessionShared, match="lock '7'"):
        worker(run, "SELECT pg_try_advisory_lock(7)")
    assert worker(run, "SELECT pg_try_advisory_xact_lock(8)")
    assert run("SELECT pg_try_advisory_xact_lock(8)")


CLASS = """
class TestIt(TestCase):
    @classmethod
    def setUpTestData(cls):
        put(1)

    def test_it(self):
        # A setting that is not rolled back is the next test's as well.
        assert (elsewhere(get), get() in (1, 2)) == (None, True)

    def test_again(self):
        put(2)
        assert (elsewhere(get), get()) == (None, 2)
"""
FIXTURE = """
@pytest.fixture
def tenant(db):
    put(1)

@pytest.mark.parametrize("number", [1, 2])
def test_it(tenant, number):
    assert (elsewhere(get), get()) == (None, 1)
"""


@pytest.mark.parametrize("source", [CLASS, FIXTURE])
def test_what_is_set_for_a_class_and_by_a_fixture(request: pytest.FixtureRequest, source: str) -> None:
    """Whoever sets it on the test's own connection, before its transaction began or in it."""
    way, inner_session = first_way(), request.getfixturevalue("run")
    helpers = f"""
import threading
from django.db import connection, connections
from django.test import TestCase

def sent(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0] if cursor.description else None

def put(number):
    sent({way.set_!r}.format(number))

def get():
    value = sent({way.read!r})
    return None if value in (None, {way.unset!r}) else int(value)

def elsewhere(call):
    found = []
    def work():
        found.append(call())
        connections.close_all()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]
"""
    try:
        inner_session(helpers + source).assert_outcomes(passed=2)
    finally:
        # Another session may have had the same connection.
        unset(way)


def test_the_end_of_the_guests_leaves_the_tests(host: Host, layers: Layers, worker: Any, any_way: Way) -> None:
    """When guests are refused the session is the test's again."""
    worker(get, any_way)
    put(any_way, 1)
    worker(put, any_way, 2)
    host.end()
    assert get(any_way) == 1


def test_a_block_of_the_test_rolls_back(host: Host, worker: Any, any_way: Way) -> None:
    """What the test set in the block is taken back where the database does so; a guest keeps its own."""
    worker(get, any_way)
    put(any_way, 1)
    with transaction.atomic():
        worker(put, any_way, 2)
        put(any_way, 3)
        assert worker(get, any_way) == 2
        transaction.set_rollback(True)
    assert worker(get, any_way) == 2
    assert get(any_way) == (1 if any_way.transactional else 3)
    assert worker(get, any_way) == 2


def test_a_block_that_began_before_a_guest_came(host: Host, worker: Any, any_way: Way) -> None:
    """The database alone knows to what it rolls back."""
    put(any_way, 1)
    with transaction.atomic():
        put(any_way, 2)
        worker(put, any_way, 3)
        transaction.set_rollback(True)
    assert get(any_way) == (1 if any_way.transactional else 2)
    assert (worker(get, any_way), get(any_way)) == (3, 1 if any_way.transactional else 2)


def test_local_settings_of_the_test(host: Host, worker: Any, any_way: Way) -> None:
    """The test's transaction is open, so they last; no guest sees them."""
    transactional()
    worker(get, any_way)
    run("SET LOCAL app.tenant = '1'")
    assert (worker(get, any_way), get(any_way)) == (None, 1)


def test_a_failure_of_the_test(host: Host, worker: Any, any_way: Way) -> None:
    """While the test has a failed block open a guest gets the database's error, and all goes on after the block."""
    worker(put, any_way, 2)
    put(any_way, 1)

    def failing() -> None:
        with transaction.atomic():
            with pytest.raises(DatabaseError):
                run("SELECT nonsense FROM nowhere")
            if any_way.transactional:
                with pytest.raises(DatabaseError):
                    worker(get, any_way)
            transaction.set_rollback(True)

    failing()
    assert (worker(get, any_way), get(any_way)) == (2, 1)


def test_temporary_table_of_the_test(host: Host, worker: Any) -> None:
    """A guest that would see it is refused, and the test goes on."""
    worker(run, "SELECT 1")
    run("CREATE TEMPORARY TABLE own (i int)")
    with pytest.raises(SessionShared, match="temporary table 'own'"):
        worker(run, "SELECT COUNT(*) FROM own")
    assert run("SELECT COUNT(*) FROM own") == 0


@pytest.mark.parametrize("guest_first", [False, True])
def test_time_zone_of_overridden_settings(host: Host, worker: Any, other_worker: Any, guest_first: bool) -> None:
    """Who opens its connection under other settings has their time zone, the test's own connection follows them, and
    a guest that has one already keeps it, as in production.
    """
    transactional()
    read = "SHOW timezone"
    before = worker(run, read) if guest_first else run(read)
    with override_settings(TIME_ZONE="Asia/Tokyo", USE_TZ=False):
        assert other_worker(run, read) == run(read) == "Asia/Tokyo"
        if guest_first:
            assert worker(run, read) == before
    assert (run(read), other_worker(run, read)) == (before, "Asia/Tokyo")


@pytest.mark.usefixtures("sandbox")
def test_time_zone_in_a_sandbox(worker: Any, other_worker: Any) -> None:
    """The same where every thread has a connection of the sandbox's."""
    transactional()
    read = "SHOW timezone"
    before = run(read)
    assert worker(run, read) == before
    with override_settings(TIME_ZONE="Asia/Tokyo", USE_TZ=False):
        assert (run(read), other_worker(run, read), worker(run, read)) == ("Asia/Tokyo", "Asia/Tokyo", before)
    assert (run(read), worker(run, read), other_worker(run, read)) == (before, before, "Asia/Tokyo")

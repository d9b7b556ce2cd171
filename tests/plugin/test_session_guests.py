"""Settings of a session where a test keeps its own transaction: the test has its own, and each guest has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connections, transaction
from django.test import override_settings
from sandbox_marks import STARTED_BY_HAND
from session_scenes import Way, first_way, get, put, run, transactional, unset

from pytest_async_orm.errors import SessionShared
from pytest_async_orm.sharing.hosting import Host
from pytest_async_orm.sharing.layers import Layers

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
    """It cannot be told from what every connection has; the test keeps it."""
    put(any_way, 1)
    worker(put, any_way, 2)
    assert (get(any_way), worker(get, any_way)) == (1, 2)


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

"""Settings of a session: each thread's connection has its own, and where nobody sets any nothing is sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from sandbox_marks import STARTED_BY_HAND, sent
from session_scenes import WAYS, Way, first_way, get, put, run, transactional

from pytest_async_orm.sharing.sandbox import Sandbox
from sample_app.models import Tag

pytestmark = [*STARTED_BY_HAND, pytest.mark.allow_connection_leaks(reason="threads end where they are")]


@pytest.fixture(params=sorted({name for ways in WAYS.values() for name in ways}))
def way(request: pytest.FixtureRequest) -> Way:
    if request.param not in WAYS[connection.vendor]:
        pytest.skip("another database's")
    return WAYS[connection.vendor][request.param]


@pytest.fixture
def any_way() -> Way:
    return first_way()


def test_a_setting_is_its_threads_own(sandbox: Sandbox, worker: Any, way: Way) -> None:
    """What a thread has set it finds again, and another thread has what nobody has set."""
    put(way, 1)
    assert worker(get, way) is None
    assert get(way) == 1


def test_threads_that_set_the_same(sandbox: Sandbox, worker: Any, other_worker: Any, any_way: Way) -> None:
    """Three threads in turn each find their own."""
    for number, call in enumerate((worker, other_worker), 2):
        call(put, any_way, number)
    for _ in range(2):
        assert (worker(get, any_way), other_worker(get, any_way), get(any_way)) == (2, 3, None)


def test_nothing_is_sent_where_settings_do_not_differ(
    sandbox: Sandbox, worker: Any, any_way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The turn passes without a statement between threads that have set the same, and with one where they differ."""
    put(any_way, 1)
    worker(put, any_way, 1)
    with sent(monkeypatch) as statements:
        assert [worker(get, any_way), get(any_way), worker(get, any_way)] == [1, 1, 1]
        assert restoring(statements) == []
        put(any_way, 2)
        del statements[:]
        worker(get, any_way)
        assert len(restoring(statements)) == 1
        get(any_way)
        assert len(restoring(statements)) == 2


def restoring(statements: list[str]) -> list[str]:
    return [sql for sql in statements if "SAVEPOINT" not in sql]


def test_several_settings_are_restored_at_once(sandbox: Sandbox, worker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One statement for all that differ, where the database has one."""
    found = list(WAYS[connection.vendor].values())
    for way in found:
        put(way, 1)
    with sent(monkeypatch) as statements:
        worker(run, "SELECT 1")
    assert len(restoring(statements)) == (len(found) if connection.vendor == "sqlite" else 1)


def test_a_transaction_begins_with_its_own(sandbox: Sandbox, worker: Any, any_way: Way) -> None:
    """Settings are restored before a transaction, and what it sets stays if it commits."""
    put(any_way, 1)

    def in_transaction() -> tuple[int | None, int | None]:
        with transaction.atomic():
            found = get(any_way)
            put(any_way, 2)
        return found, get(any_way)

    assert worker(in_transaction) == (None, 2)
    assert (get(any_way), worker(get, any_way)) == (1, 2)


@pytest.mark.parametrize("nested", [False, True])
def test_roll_back(sandbox: Sandbox, worker: Any, any_way: Way, nested: bool) -> None:
    """A setting is rolled back with its transaction or savepoint where the database does so."""

    def rolled_back() -> None:
        with transaction.atomic():
            put(any_way, 2)
            transaction.set_rollback(True)

    put(any_way, 1)
    worker(get, any_way)
    if nested:
        with transaction.atomic():
            rolled_back()
            put(any_way, 3 if any_way.transactional else 2)
            rolled_back()
            assert get(any_way) == (3 if any_way.transactional else 2)
    else:
        rolled_back()
    worker(get, any_way)
    expected = (3 if nested else 1) if any_way.transactional else 2
    assert get(any_way) == expected
    assert worker(get, any_way) is None


def test_the_end_leaves_what_was_there(sandbox: Sandbox, layers: Any, any_way: Way) -> None:
    """What a roll-back leaves is taken back: the next test on the connection has what nobody has set."""
    put(any_way, 1)
    layers.pop()
    if not any_way.transactional:
        assert get(any_way) is None


def test_a_failed_statement_leaves_settings(sandbox: Sandbox, worker: Any, any_way: Way) -> None:
    """What is undone with a failure in autocommit is the statement, and no setting of before."""

    def fails() -> None:
        with pytest.raises(IntegrityError):
            Tag.objects.create(name="a")

    Tag.objects.create(name="a")
    put(any_way, 1)
    fails()
    worker(fails)
    assert worker(get, any_way) is None
    worker(fails)
    fails()
    assert get(any_way) == 1


def test_a_setting_that_fails(sandbox: Sandbox, worker: Any, any_way: Way) -> None:
    """A statement that sets and fails changes nothing for anybody."""
    if connection.vendor == "sqlite":
        return
    bad = "SET extra_float_digits = 'x'" if connection.vendor == "postgresql" else "SET @tenant = no_such_function()"
    put(any_way, 1)
    with pytest.raises(DatabaseError):
        worker(run, bad)
    assert (worker(get, any_way), get(any_way)) == (None, 1)


def test_close_forgets(sandbox: Sandbox, worker: Any, any_way: Way) -> None:
    """A connection that was closed begins anew."""
    put(any_way, 1)
    worker(put, any_way, 2)
    connection.close()
    assert (get(any_way), worker(get, any_way)) == (None, 2)


def test_close_within_a_transaction(sandbox: Sandbox, worker: Any, any_way: Way) -> None:
    """The same for one whose transaction is rolled back by the close."""

    def closed() -> None:
        transaction.set_autocommit(False)
        put(any_way, 2)
        Tag.objects.create(name="a")
        connections["default"].lease.close()

    put(any_way, 1)
    worker(closed)
    assert (get(any_way), worker(get, any_way)) == (1, None)


LOCAL = ("SET LOCAL app.tenant = '{}'", "SELECT set_config('app.tenant', '{}', true)")


@pytest.mark.parametrize("sql", LOCAL)
def test_local_settings_end_with_the_transaction(sandbox: Sandbox, worker: Any, any_way: Way, sql: str) -> None:
    """A local value hides the session's until the transaction ends, by a commit too."""
    transactional()
    put(any_way, 1)
    with transaction.atomic():
        run(sql.format(2))
        with transaction.atomic():
            assert get(any_way) == 2
        assert get(any_way) == 2
    assert (get(any_way), worker(get, any_way)) == (1, None)


@pytest.mark.parametrize("sql", LOCAL)
def test_local_settings_outside_of_a_transaction(sandbox: Sandbox, any_way: Way, sql: str) -> None:
    """They are gone with their statement."""
    transactional()
    run(sql.format(2))
    assert get(any_way) is None


def test_local_then_session(sandbox: Sandbox, any_way: Way) -> None:
    """The session's value replaces a local one; rolled back to a savepoint between, the local one is back."""
    transactional()
    with transaction.atomic():
        run(LOCAL[0].format(2))
        with transaction.atomic():
            put(any_way, 3)
            transaction.set_rollback(True)
        assert get(any_way) == 2
    assert get(any_way) is None
    with transaction.atomic():
        run(LOCAL[0].format(2))
        put(any_way, 3)
    assert get(any_way) == 3

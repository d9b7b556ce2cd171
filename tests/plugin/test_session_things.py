"""What a session has by name: the thread that made it uses it, and whoever else would see it is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, connections, transaction
from sandbox_marks import STARTED_BY_HAND
from session_scenes import only_on, run

from conftest import DATABASE
from pytest_async_orm.drivers.kept_things import tables_named
from pytest_async_orm.drivers.pieces import statements_in
from pytest_async_orm.errors import SessionShared
from pytest_async_orm.sharing.sandbox import Sandbox
from sample_app.models import Tag

pytestmark = [*STARTED_BY_HAND, pytest.mark.allow_connection_leaks(reason="threads end where they are")]

MAKE = "CREATE TEMPORARY TABLE own (i int)"
DROP = "DROP TEMPORARY TABLE own" if DATABASE == "mariadb" else "DROP TABLE own"
SEEN = [
    "SELECT COUNT(*) FROM own",
    "select 1 from sample_app_tag join own on true",
    "INSERT INTO own (i) VALUES (1)",
    DROP,
    "CREATE TEMPORARY TABLE own (j int)",
    "/* FROM other */ DELETE FROM own",
]
NOT_SEEN = [
    "SELECT name AS own FROM sample_app_tag own",
    "SELECT 'FROM own'",
    "WITH own AS (SELECT 1 AS i) SELECT * FROM own",
    "SELECT own.name FROM sample_app_tag own WHERE own.name = 'FROM own' -- FROM own\n",
]


def refused(call: Any, *args: Any) -> None:
    with pytest.raises(SessionShared):
        call(*args)


@pytest.mark.parametrize("sql", SEEN)
def test_temporary_table(sandbox: Sandbox, worker: Any, sql: str) -> None:
    """A statement that would see another thread's is not sent, and both go on."""
    run(MAKE)
    with pytest.raises(SessionShared, match=r"does not exist .*on another connection") as caught:
        worker(run, sql)
    assert "transaction=True" in str(caught.value)
    assert "MainThread" in str(caught.value)
    assert worker(Tag.objects.count) == 0
    assert run("SELECT COUNT(*) FROM own") == 0


@pytest.mark.parametrize("sql", NOT_SEEN)
def test_the_name_elsewhere(sandbox: Sandbox, worker: Any, sql: str) -> None:
    """An alias, a column, a text, a comment, or a query that has the name, is not the table."""
    run(MAKE)
    worker(run, sql)


def test_name_with_a_schema() -> None:
    """The table of another schema is another one, and that of the temporary schema is it."""
    named = [
        bool(tables_named(pieces, {"own"}))
        for pieces in statements_in("SELECT FROM public.own; SELECT FROM pg_temp.own")
    ]
    assert named == [False, True]


def test_a_thread_alone(sandbox: Sandbox) -> None:
    """Whoever made it does with it what a database lets it do."""
    run(MAKE)
    for sql in ("INSERT INTO own (i) VALUES (1)", "SELECT i FROM own", DROP, MAKE):
        run(sql)


def test_table_that_is_dropped(sandbox: Sandbox, worker: Any) -> None:
    """After its end the name is free, for a table of any thread's."""
    run(MAKE)
    run(DROP)
    worker(run, MAKE)
    refused(run, "SELECT * FROM own")


def test_table_that_is_rolled_back(sandbox: Sandbox, worker: Any) -> None:
    """The same where the making is rolled back, if the database rolls it back."""
    with transaction.atomic():
        run(MAKE)
        transaction.set_rollback(True)
    if connection.vendor == "mysql":
        refused(worker, run, MAKE)
    else:
        worker(run, MAKE)


def test_table_of_a_closed_connection(sandbox: Sandbox, worker: Any) -> None:
    """A close drops what the connection has made, with the next statement of anybody's."""
    run(MAKE)
    connection.close()
    run(MAKE)
    connections.close_all()
    worker(run, MAKE)


def test_nothing_is_left_for_the_next_test(sandbox: Sandbox, layers: Any) -> None:
    """The end of the sandbox drops what no roll-back does."""
    run(MAKE)
    if connection.vendor == "postgresql":
        run("PREPARE kept AS SELECT 1")
        run("SELECT pg_advisory_lock(1)")
    layers.pop()
    run(MAKE)
    if connection.vendor == "postgresql":
        run("PREPARE kept AS SELECT 1")
        run("DEALLOCATE kept")
        assert run("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()") == 0
    run(DROP)


def test_table_that_ends_with_its_transaction(sandbox: Sandbox) -> None:
    """ON COMMIT DROP, and a cursor without HOLD: the next transaction makes them anew."""
    only_on("postgresql")
    for _ in range(2):
        with transaction.atomic():
            run(f"{MAKE} ON COMMIT DROP")
            run("DECLARE held CURSOR FOR SELECT 1")


POSTGRESQLS = [
    ("CREATE TEMP VIEW own AS SELECT 1", ["SELECT * FROM own"]),
    ("CREATE TEMP SEQUENCE own", ["DROP SEQUENCE own"]),
    ("SELECT 1 AS i INTO TEMP own", ["SELECT * FROM own"]),
    (
        "CREATE FUNCTION pg_temp.own(i int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        [
            "SELECT pg_temp.own(1)",
            "CREATE OR REPLACE FUNCTION pg_temp.own() RETURNS int LANGUAGE sql AS 'SELECT 2'",
        ],
    ),
    ("CREATE PROCEDURE pg_temp.own() LANGUAGE sql AS 'SELECT 1'", ["CALL pg_temp.own()"]),
    ("CREATE AGGREGATE pg_temp.own(int) (sfunc = int4pl, stype = int)", ["SELECT pg_temp.own(1)"]),
    ("CREATE TYPE pg_temp.own AS ENUM ('a')", ["SELECT 'a'::own", "SELECT CAST('a' AS own)", "DROP TYPE pg_temp.own"]),
    ("CREATE DOMAIN pg_temp.own AS int", ["SELECT 1::own", "CREATE DOMAIN pg_temp.own AS text"]),
    ("CREATE TABLE pg_temp.own (i int)", ["SELECT * FROM pg_temp.own", "DISCARD TEMP"]),
    ("PREPARE one AS SELECT 1", ["EXECUTE one", "PREPARE one AS SELECT 2", "DEALLOCATE one", "DEALLOCATE ALL"]),
    ("SELECT 1; DECLARE held CURSOR WITH HOLD FOR SELECT 1", ["FETCH ALL FROM held", "CLOSE held", "CLOSE ALL"]),
    (
        "SELECT pg_advisory_lock(7)",
        [
            "SELECT pg_try_advisory_lock(7)",
            "SELECT pg_advisory_xact_lock_shared( 7 )",
            "SELECT pg_advisory_unlock(7)",
            "SELECT pg_advisory_unlock_all()",
        ],
    ),
    ("SELECT pg_try_advisory_lock(hashtext('a'), 1)", ["SELECT 1 WHERE pg_try_advisory_lock(hashtext('a'), 1)"]),
]


@pytest.mark.parametrize(("make", "uses"), POSTGRESQLS)
def test_postgresqls_things(sandbox: Sandbox, worker: Any, make: str, uses: list[str]) -> None:
    """All that PostgreSQL keeps by session."""
    only_on("postgresql")
    with connection.cursor() as cursor:
        cursor.execute(make)
    for sql in uses:
        refused(worker, run, sql)
    assert worker(Tag.objects.count) == 0


def test_routines_and_types_elsewhere(sandbox: Sandbox, worker: Any) -> None:
    """Without the temporary schema no routine there is meant, and a column may have the name of a type."""
    only_on("postgresql")
    run("CREATE FUNCTION pg_temp.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1'")
    run("CREATE TYPE pg_temp.own AS ENUM ('a')")
    assert worker(run, "SELECT lower('A')") == "a"
    assert worker(run, "SELECT own.i FROM (SELECT 1 AS i) own") == 1
    assert worker(run, "SELECT own FROM (SELECT 1 AS own) it") == 1


def test_locks_of_other_keys(sandbox: Sandbox, worker: Any) -> None:
    """A lock is told by its key, which may be a parameter; one that was given back is free."""
    if connection.vendor == "postgresql":
        take, free = "SELECT pg_try_advisory_lock(%s)", "SELECT pg_advisory_unlock(%s)"
    else:
        only_on("mysql")
        take, free = "SELECT GET_LOCK(%s, 0)", "SELECT RELEASE_LOCK(%s)"
    one, other = (["one"], ["other"]) if connection.vendor == "mysql" else ([1], [2])
    assert run(take, one) == run(take, one) == 1
    assert worker(run, take, other) == 1
    refused(worker, run, take, one)
    refused(worker, run, take.replace("%s", repr(one[0])))
    assert run(free, one) == 1
    refused(worker, run, take, tuple(one))
    assert run(free, one) == 1
    assert worker(run, take, one) == 1


def test_locks_of_transactions(sandbox: Sandbox, worker: Any) -> None:
    """They are kept apart by the transactions, which come one after the other."""
    only_on("postgresql")
    for call in (worker, lambda function, *args: function(*args)):
        call(transaction.atomic(lambda: run("SELECT pg_advisory_xact_lock(7)")))


def test_mariadbs_statements(sandbox: Sandbox, worker: Any) -> None:
    """A prepared statement with the same name would replace the other one."""
    only_on("mysql")
    run("PREPARE one FROM 'SELECT 1'")
    for sql in ("EXECUTE one", "PREPARE one FROM 'SELECT 2'", "DEALLOCATE PREPARE one"):
        refused(worker, run, sql)
    run("DEALLOCATE PREPARE one")
    worker(run, "PREPARE one FROM 'SELECT 2'")


def test_attached_database(sandbox: Sandbox, worker: Any) -> None:
    """Another thread has not attached it."""
    only_on("sqlite")
    run("ATTACH ':memory:' AS beside")
    try:
        run("CREATE TABLE beside.t (i int)")
        refused(worker, run, "SELECT * FROM beside.t")
        refused(worker, run, "DETACH beside")
        worker(run, "SELECT 1 AS beside")
    finally:
        run("DROP TABLE beside.t")

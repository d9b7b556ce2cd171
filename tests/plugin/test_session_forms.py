"""The forms in which settings of a session are set, by database."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from sandbox_marks import STARTED_BY_HAND
from session_scenes import Way, first_way, get, only_on, put, run, transactional

from pytest_async_orm.sharing.sandbox import Sandbox

pytestmark = [*STARTED_BY_HAND, pytest.mark.allow_connection_leaks(reason="threads end where they are")]


@pytest.fixture
def any_way() -> Way:
    return first_way()


def test_reset_all(sandbox: Sandbox, worker: Any, any_way: Way) -> None:
    """A thread that resets everything changes nothing for others, not even of what it has not named."""
    transactional()
    worker(put, any_way, 1)
    run("SET extra_float_digits = 2")
    worker(run, "SET lock_timeout = 5000")
    run("RESET ALL")
    assert (worker(get, any_way), get(any_way)) == (1, None)
    assert worker(run, "SHOW lock_timeout") == "5s"
    assert run("SHOW extra_float_digits") == "1"


@pytest.mark.parametrize(
    ("sql", "read"),
    [
        ("SET TIME ZONE 'Asia/Tokyo'", "SHOW timezone"),
        ("SET TIME ZONE INTERVAL '+02:30' HOUR TO MINUTE", "SHOW timezone"),
        ('SET search_path TO pg_catalog, "$user"', "SHOW search_path"),
        ("/* a comment */ set Session search_path = ''", "SHOW search_path"),
        ("SELECT 1; SET work_mem = '8MB'", "SHOW work_mem"),
        ("SET NAMES 'LATIN1'", "SHOW client_encoding"),
        ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SHOW default_transaction_read_only"),
        ("SET ROLE pg_monitor", "SHOW role"),
        ("SET SESSION AUTHORIZATION pg_monitor", "SELECT session_user"),
        ("SET datestyle TO DEFAULT; SET datestyle = 'German'", "SHOW datestyle"),
    ],
)
def test_postgresqls_own_forms(sandbox: Sandbox, worker: Any, sql: str, read: str) -> None:
    """Whatever words set it, the value comes back to its thread, and other threads keep the first one."""
    transactional()
    before = run(read)
    with connection.cursor() as cursor:
        cursor.execute(sql)
    mine = run(read)
    assert mine != before
    for _ in range(2):
        assert worker(run, read) == before
        assert run(read) == mine


def test_names_that_are_given_as_parameters(sandbox: Sandbox, worker: Any) -> None:
    """The name, the value and the scope of a setting may be parameters."""
    transactional()
    run("SELECT set_config(%s, %s, %s), set_config('app.b', %s, false)", ["app.a", "1", False, "2"])
    read = "SELECT concat(current_setting('app.a', true), current_setting('app.b', true))"
    assert (worker(run, read), run(read)) == ("", "12")
    with transaction.atomic():
        run("SELECT set_config(%(name)s, '3', %(local)s)", {"name": "app.a", "local": True})
        assert run(read) == "32"
    assert run(read) == "12"


def test_composed_statements(sandbox: Sandbox, worker: Any, any_way: Way) -> None:
    """A statement that the driver composes is read as well."""
    transactional()
    from django.db.backends.postgresql.psycopg_any import sql

    run(sql.SQL("SET app.tenant = {}").format(sql.Literal("7")))
    assert (worker(get, any_way), get(any_way)) == (None, 7)


def test_block_of_the_drivers(sandbox: Sandbox, worker: Any, any_way: Way) -> None:
    """What a block of psycopg's rolls back is rolled back here too, and what it commits stays."""
    transactional()
    connection.ensure_connection()
    if not hasattr(connection.connection, "transaction"):
        pytest.skip("psycopg 3's")
    raw = connection.connection
    with raw.transaction():
        raw.execute("SET app.tenant = '5'")
    assert (worker(get, any_way), get(any_way)) == (None, 5)
    with raw.transaction(force_rollback=True):
        raw.execute("SET app.tenant = '6'")
    assert (worker(get, any_way), get(any_way)) == (None, 5)
    with raw.transaction(), raw.pipeline():
        raw.execute("SET app.tenant = '8'")
    assert (worker(get, any_way), get(any_way)) == (None, 8)


@pytest.mark.parametrize(
    ("sql", "read"),
    [
        ("SET NAMES latin1", "SELECT @@collation_connection"),
        ("SET character_set_results = NULL", "SELECT @@character_set_results"),
        ("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SELECT @@tx_isolation"),
        ("SET @@local.sql_mode = 'ANSI', @x = 1", "SELECT @@sql_mode"),
        ("SET foreign_key_checks = 0", "SELECT @@foreign_key_checks"),
        ("SELECT @`a b` := 1.5", "SELECT @`a b`"),
        ("SET @bytes = x'00ff'", "SELECT HEX(@bytes)"),
        ("SET @quoted = 'it''s \\\\ %'", "SELECT @quoted"),
    ],
)
def test_mariadbs_own_forms(sandbox: Sandbox, worker: Any, sql: str, read: str) -> None:
    """Whatever words set it, the value comes back to its thread, and other threads keep the first one."""
    only_on("mysql")
    before = run(read)
    run(sql)
    mine = run(read)
    assert mine != before
    for _ in range(2):
        assert worker(run, read) == before
        assert run(read) == mine


def test_deferred_keys_end_with_the_transaction(sandbox: Sandbox, worker: Any) -> None:
    """SQLite's only pragma that a commit switches off."""
    only_on("sqlite")
    with transaction.atomic():
        run("PRAGMA defer_foreign_keys = ON")
        assert run("PRAGMA defer_foreign_keys") == 1
    assert run("PRAGMA defer_foreign_keys") == 0

"""Which statements would end the test's transaction."""

import pytest

from pytest_async_orm.drivers.statements import commits_implicitly, ends_transaction


@pytest.mark.parametrize(
    "sql",
    [
        "COMMIT",
        "  commit",
        "/* note */ ROLLBACK",
        "-- note\nBEGIN",
        "START TRANSACTION",
        "rollback work",
        "END",
        "ABORT",
    ],
)
def test_transaction_control_is_known(sql: str) -> None:
    """Words that end or begin a transaction are found behind spaces and comments."""
    assert ends_transaction(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "ROLLBACK TO SAVEPOINT a",
        "ROLLBACK TO a",
        "ROLLBACK WORK TO a",
        "SAVEPOINT a",
        "INSERT INTO commit",
        "",
    ],
)
def test_other_statements_are_let_through(sql: str) -> None:
    """Savepoints, and the same words elsewhere, end nothing."""
    assert not ends_transaction(sql)


@pytest.mark.parametrize(
    "sql", ["CREATE TABLE t (i int)", "alter table t", "DROP TABLE t", "TRUNCATE t", "LOCK TABLES t READ"]
)
def test_definitions_commit_on_mariadb(sql: str) -> None:
    """What defines tables commits implicitly."""
    assert commits_implicitly(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TEMPORARY TABLE t (i int)",
        "DROP TEMPORARY TABLE t",
        "CREATE OR REPLACE TEMPORARY TABLE t (i int)",
        "SELECT 1",
    ],
)
def test_temporary_tables_do_not(sql: str) -> None:
    """Temporary tables are the exception."""
    assert not commits_implicitly(sql)

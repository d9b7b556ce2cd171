"""A statement's shape, kind and tables, told from its text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_async_orm.recording.fingerprints import fingerprint, kind_of, tables_of


@pytest.mark.parametrize(
    ("sql", "shape"),
    [
        (
            'SELECT "a"."id" FROM "a" WHERE "a"."id" = %s LIMIT 21',
            'SELECT "a"."id" FROM "a" WHERE "a"."id" = ? LIMIT ?',
        ),
        ("SELECT 'it''s', 1.5e3, -2, 0x1F FROM t1", "SELECT ?, ?, ?, ? FROM t1"),
        ("SELECT a FROM t WHERE id IN (%s, %s, %s)", "SELECT a FROM t WHERE id IN (?, ...)"),
        ("SELECT a FROM t WHERE id IN (%s)", "SELECT a FROM t WHERE id IN (?, ...)"),
        ("INSERT INTO t (a, b) VALUES (%s, %s), (%s, %s)", "INSERT INTO t (a, b) VALUES (?, ...)"),
        ("INSERT INTO t (a, b) VALUES (1, NOW()), (2, NOW())", "INSERT INTO t (a, b) VALUES (?, NOW())"),
        ("SELECT a -- note\n  FROM t /* more */ WHERE b = $1", "SELECT a FROM t WHERE b = ?"),
        ("SELECT a::text FROM t WHERE c = :name", "SELECT a::text FROM t WHERE c = ?"),
        ("SELECT $$it's$$, $tag$x$tag$", "SELECT ?, ?"),
        ('SAVEPOINT "s140_x3"', "SAVEPOINT ?"),
        ("RELEASE SAVEPOINT `s140_x3`", "RELEASE SAVEPOINT ?"),
        ("ROLLBACK TO SAVEPOINT s140_x3", "ROLLBACK TO SAVEPOINT ?"),
        ("SELECT `col2` FROM `table_9` WHERE `x3` = 3", "SELECT `col2` FROM `table_9` WHERE `x3` = ?"),
    ],
)
def test_shape(sql: str, shape: str) -> None:
    """Literals, placeholders, lists of values, names of savepoints and comments are gone; names are kept."""
    assert fingerprint(sql) == shape


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT 1", "read"),
        ("(SELECT 1) UNION (SELECT 2)", "read"),
        ("/* hint */ select 1", "read"),
        ("EXPLAIN SELECT 1", "read"),
        ("PRAGMA foreign_keys", "read"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "read"),
        ("WITH x AS (SELECT 1) UPDATE t SET a = 1", "write"),
        ("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "write"),
        ("INSERT INTO t VALUES (1)", "write"),
        ("replace into t values (1)", "write"),
        ("BEGIN IMMEDIATE", "transaction"),
        ("COMMIT", "transaction"),
        ("ROLLBACK", "transaction"),
        ("START TRANSACTION", "transaction"),
        ("SAVEPOINT s", "savepoint"),
        ("RELEASE SAVEPOINT s", "savepoint"),
        ("ROLLBACK TO SAVEPOINT s", "savepoint"),
        ("CREATE TABLE t (a int)", "other"),
        ("SET CONSTRAINTS ALL IMMEDIATE", "other"),
        ("", "other"),
    ],
)
def test_kind(sql: str, kind: str) -> None:
    """The kind is told by the first word, and behind WITH by what the statement does."""
    assert kind_of(sql) == kind


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ('SELECT * FROM "a" INNER JOIN "b" ON ("a"."id" = "b"."a_id")', {"a", "b"}),
        ('DELETE FROM "schema"."t"', {"t"}),
        ("UPDATE `t` SET a = 1", {"t"}),
        ("INSERT INTO t (a) SELECT b FROM u", {"t", "u"}),
        ('SELECT EXTRACT(year FROM "t"."day") FROM "t"', {"t"}),
        ("SELECT a FROM t FOR UPDATE OF t", {"t"}),
        ("SELECT 1", set()),
    ],
)
def test_tables(sql: str, tables: set[str]) -> None:
    """The tables of FROM, JOIN, INTO and UPDATE, without schema and quotes."""
    assert tables_of(fingerprint(sql)) == tables


texts = st.text(st.characters(exclude_characters="\\", exclude_categories=["Cs"]))
literals = st.one_of(
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    texts.map(lambda text: "'" + text.replace("'", "''") + "'"),
)


@given(values=st.lists(literals, min_size=2, max_size=6), others=st.lists(literals, min_size=2, max_size=6))
def test_literals_do_not_matter(values: list[str], others: list[str]) -> None:
    """Two statements that differ in literals and in the length of a list of them have one fingerprint."""

    def statement(found: list[str]) -> str:
        return f'SELECT "a" FROM "t" WHERE "b" = {found[0]} AND "c" IN ({", ".join(found)})'

    assert fingerprint(statement(values)) == fingerprint(statement(others))


@given(values=st.lists(literals, min_size=1, max_size=6))
def test_shape_of_a_shape(values: list[str]) -> None:
    """A fingerprint is its own fingerprint, so that what was recorded can be compared."""
    shape = fingerprint(f"SELECT a FROM t WHERE b IN ({', '.join(values)})")
    assert fingerprint(shape) == shape


@given(sql=st.text())
def test_any_text(sql: str) -> None:
    """No text is refused: what is no SQL has a shape too."""
    assert isinstance(fingerprint(sql), str)
    assert kind_of(sql) in {"read", "write", "transaction", "savepoint", "other"}

"""Statements of the suite's own connection: all of them or none, and the rows of each."""

from __future__ import annotations

import sqlite3
from contextlib import closing, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.checks.batches import commit_all, read_all


def embedding(raw: sqlite3.Connection) -> Any:
    """What Django has around SQLite's driver."""
    return SimpleNamespace(
        vendor="sqlite", connection=raw, ensure_connection=lambda: None, wrap_database_errors=nullcontext()
    )


@pytest.fixture
def embedded() -> Any:
    """The same, with one table."""
    raw = sqlite3.connect(":memory:", isolation_level=None)
    raw.execute("CREATE TABLE word (text TEXT UNIQUE)")
    yield embedding(raw)
    raw.close()


class Script:
    """A driver that takes several statements as one: it keeps what it was sent, and has a result for each."""

    def __init__(self, refuses: bool = False) -> None:
        self.sent: list[str] = []
        self.rolled_back = False
        self._refuses = refuses
        self._results: list[list[tuple[Any, ...]]] = []

    def mogrify(self, sql: str, parameters: Any) -> str:
        return sql % tuple(map(repr, parameters))

    def execute(self, sql: str) -> None:
        self.sent.append(sql)
        self._results = [[(number,)] for number, _ in enumerate(sql.split("; "))]
        if self._refuses:
            raise ValueError("refused")

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._results[0]

    def nextset(self) -> bool:
        self._results.pop(0)
        return bool(self._results)

    def rollback(self) -> None:
        self.rolled_back = True


def served(script: Script) -> Any:
    """What Django has around psycopg."""
    return SimpleNamespace(
        vendor="postgresql",
        Database=SimpleNamespace(__name__="psycopg"),
        settings_dict={"OPTIONS": {}},
        connection=script,
        cursor=lambda: nullcontext(script),
        ensure_connection=lambda: None,
        wrap_database_errors=nullcontext(),
    )


def test_statements_are_committed_together(embedded):
    """With their parameters, and with no transaction left."""
    commit_all(embedded, [("DELETE FROM word", ()), ("INSERT INTO word VALUES (%s), (%s)", ["a", "100%"])])
    assert read_all(embedded, ["SELECT text FROM word", "SELECT 1"]) == [[("a",), ("100%",)], [(1,)]]
    assert not embedded.connection.in_transaction


def test_a_statement_that_is_refused_takes_those_before_it_along(embedded):
    """The database is as it was."""
    insertion = ("INSERT INTO word VALUES (%s)", ["a"])
    with pytest.raises(sqlite3.IntegrityError):
        commit_all(embedded, [insertion, insertion])
    assert read_all(embedded, ["SELECT text FROM word"]) == [[]]
    assert not embedded.connection.in_transaction


def test_a_script_is_one_message():
    """A server is asked once, in a transaction."""
    script = Script()
    commit_all(served(script), [("DELETE FROM word", ()), ("INSERT INTO word VALUES (%s)", ["a"])])
    assert script.sent == ["BEGIN; DELETE FROM word; INSERT INTO word VALUES ('a'); COMMIT"]


def test_the_rows_of_a_script_are_those_of_each_statement():
    """One message, and as many results."""
    script = Script()
    assert read_all(served(script), ["SELECT 1", "SELECT 2"]) == [[(0,)], [(1,)]]
    assert script.sent == ["SELECT 1; SELECT 2"]


def test_a_script_that_is_refused_leaves_no_transaction():
    """Else every later one would be refused."""
    script = Script(refuses=True)
    with pytest.raises(ValueError, match="refused"):
        commit_all(served(script), [("DELETE FROM word", ())])
    assert script.rolled_back


def test_a_commit_that_is_refused_leaves_no_transaction(tmp_path: Path) -> None:
    """Where another connection still reads, SQLite says so; once it has read, the same can be sent again."""
    file = tmp_path / "words.sqlite3"
    with closing(sqlite3.connect(file, timeout=0)) as raw, closing(sqlite3.connect(file)) as reader:
        raw.execute("CREATE TABLE word (text TEXT)")
        raw.executemany("INSERT INTO word VALUES (?)", [("a",), ("b",)])
        raw.commit()
        rows = reader.execute("SELECT text FROM word")
        assert rows.fetchone() == ("a",)
        statements = [("INSERT INTO word VALUES (%s)", ["c"])]
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            commit_all(embedding(raw), statements)
        rows.close()
        commit_all(embedding(raw), statements)
        assert read_all(embedding(raw), ["SELECT text FROM word"]) == [[("a",), ("b",), ("c",)]]

"""Pragmas that SQLite refuses within a transaction, sent where the application has none open."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from sandbox_marks import STARTED_BY_HAND

from pytest_async_orm.drivers.dialect import Dialect
from pytest_async_orm.drivers.statements import question_of_pragma
from sample_app.models import Comment, Tag

PRAGMAS = ["PRAGMA synchronous = NORMAL", "pragma main.synchronous=1;", "PRAGMA temp_store(MEMORY)"]


@pytest.fixture
def on_sqlite() -> None:
    """SQLite alone has pragmas."""
    if connection.vendor != "sqlite":
        pytest.skip("no pragmas")


@pytest.mark.usefixtures("on_sqlite", "sandbox")
class TestInSandbox:
    """The thread's own statements, and the driver's forms of them."""

    pytestmark = STARTED_BY_HAND

    @pytest.mark.parametrize("pragma", PRAGMAS)
    def test_in_autocommit(self, worker: Any, pragma: str) -> None:
        """What is refused for the test's transaction alone changes nothing, and is no error."""

        def tune() -> int:
            with connection.cursor() as cursor:
                cursor.execute(pragma)
            connection.connection.execute(pragma)
            connection.connection.executescript(pragma)
            Tag.objects.create(name="after")
            return Tag.objects.count()

        assert worker(tune) == 1

    def test_what_it_answers(self, worker: Any) -> None:
        """A pragma that answers tells what is set."""

        def ask(text: str) -> Any:
            with connection.cursor() as cursor:
                cursor.execute(text)
                return cursor.fetchone()

        assert worker(ask, "PRAGMA journal_mode = WAL") == worker(ask, "PRAGMA journal_mode")

    @pytest.mark.parametrize("off", ["PRAGMA foreign_keys = OFF", "pragma main.foreign_keys(0)"])
    def test_keys_that_are_not_checked(self, worker: Any, off: str) -> None:
        """Whoever turns foreign keys off may write rows without their other end, as without a sandbox."""

        def write() -> int:
            with connection.cursor() as cursor:
                cursor.execute(off)
            Comment.objects.create(post_id=4711, content="of no post")
            return Comment.objects.all().delete()[0]

        assert worker(write) == 1

    @pytest.mark.parametrize("pragma", PRAGMAS[:2])
    def test_in_a_transaction(self, worker: Any, pragma: str) -> None:
        """In a transaction of the application's own it is refused, as in production."""

        def tune() -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(pragma)

        with pytest.raises(DatabaseError, match="transaction"):
            worker(tune)

    def test_nothing_may_be_written(self, worker: Any) -> None:
        """A transaction that only reads ends well, though foreign keys cannot be checked by writing."""

        def read() -> int:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA query_only = ON")
                with transaction.atomic():
                    found = Tag.objects.count()
                cursor.execute("PRAGMA query_only = OFF")
            return found

        assert worker(read) == 0

    def test_another_statement(self, worker: Any) -> None:
        """What no pragma sets is refused as ever."""

        def vacuum() -> None:
            with connection.cursor() as cursor:
                cursor.execute("VACUUM")

        with pytest.raises(DatabaseError, match="VACUUM"):
            worker(vacuum)


def test_receivers(run) -> None:
    """A project that tunes each connection when it is opened finds its threads working, in async and in sync tests."""
    if connection.vendor != "sqlite":
        pytest.skip("no pragmas")
    result = run(
        """
from django.db.backends.signals import connection_created
pytestmark = pytest.mark.django_db

def tune(connection, **_):
    with connection.cursor() as cursor:
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "temp_store = MEMORY", "foreign_keys = ON"):
            cursor.execute(f"PRAGMA {pragma}")

connection_created.connect(tune, weak=False)

async def test_async():
    assert await Tag.objects.acount() == 0
    assert await asyncio.to_thread(lambda: (Tag.objects.count(), connections.close_all())) == (0, None)

def test_sync():
    counted = []
    thread = threading.Thread(target=lambda: (counted.append(Tag.objects.count()), connections.close_all()))
    thread.start()
    thread.join()
    assert counted == [0]
"""
    )
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("sql", "question"),
    [
        ("PRAGMA synchronous = OFF", "PRAGMA synchronous"),
        ('  pragma "main".journal_mode(wal);', 'pragma "main".journal_mode'),
        ("PRAGMA synchronous", None),
        ("SELECT 'PRAGMA synchronous = 1'", None),
        ("VACUUM", None),
    ],
)
def test_question_of_pragma(sql: str, question: str | None) -> None:
    """What sets a pragma has a question that asks for it."""
    assert question_of_pragma(sql) == question


def test_other_errors() -> None:
    """A pragma that fails for another reason fails."""
    dialect = Dialect(sqlite3.connect(":memory:"))
    assert dialect.instead("PRAGMA synchronous = 1", sqlite3.OperationalError("disk I/O error")) is None
    assert dialect.instead("VACUUM", sqlite3.OperationalError("cannot VACUUM from within a transaction")) is None
    dialect.raw.close()

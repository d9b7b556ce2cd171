"""The forms that only one driver has, through virtual cursors and connections."""

from __future__ import annotations

import importlib
import sqlite3
from contextlib import closing, suppress
from typing import Any

import pytest
from django.db import connection, transaction
from sandbox_marks import STARTED_BY_HAND

from pytest_async_orm.errors import TransactionLost, UnsupportedConnection
from pytest_async_orm.sharing.sandbox import Sandbox
from sample_app.models import Tag


def only(vendor: str) -> None:
    if connection.vendor != vendor:
        pytest.skip(f"only {vendor}")


@pytest.mark.usefixtures("sandbox")
class TestPostgreSQL:
    """psycopg 3's own forms."""

    pytestmark = STARTED_BY_HAND

    @pytest.fixture(autouse=True)
    def psycopg(self, sandbox: Sandbox) -> None:
        only("postgresql")
        connection.ensure_connection()

    @pytest.mark.parametrize("in_block", [False, True])
    def test_copy(self, in_block: bool, worker: Any) -> None:
        """In and out, inside and outside of atomic; the turn is free afterwards."""

        def copy() -> list[Any]:
            with connection.cursor() as cursor:
                with cursor.copy("COPY sample_app_tag (name) FROM STDIN") as rows:
                    rows.write_row(("a",))
                with cursor.copy("COPY (SELECT name FROM sample_app_tag) TO STDOUT") as rows:
                    return list(rows.rows())

        assert (transaction.atomic(copy) if in_block else copy)() == [("a",)]
        assert worker(Tag.objects.count) == 1

    def test_copy_that_fails(self) -> None:
        """The application's error and the server's undo the COPY alone."""
        Tag.objects.create(name="kept")
        copy = "COPY sample_app_tag (name) FROM STDIN"
        with suppress(ValueError), connection.cursor() as cursor, cursor.copy(copy) as rows:
            rows.write_row(("a",))
            raise ValueError
        with pytest.raises(Exception), connection.cursor() as cursor, cursor.copy(copy) as rows:  # noqa: B017, PT011
            rows.write_row(("kept",))
        assert Tag.objects.count() == 1

    def test_stream(self, worker: Any) -> None:
        """Read to its end or left early, the turn is free afterwards."""
        with connection.cursor() as cursor:
            assert [row[0] for row in cursor.cursor.stream("SELECT generate_series(1, 5)")] == [1, 2, 3, 4, 5]
            for row in cursor.cursor.stream("SELECT generate_series(1, %s)", [5]):
                assert row[0] == 1
                break
        assert worker(Tag.objects.count) == 0

    def test_several_results(self) -> None:
        """`executemany(returning=True)`, `nextset`, `results`."""
        with connection.cursor() as cursor:
            insert = "INSERT INTO sample_app_tag (name) VALUES (%s) RETURNING name"
            cursor.cursor.executemany(insert, [("a",), ("b",)], returning=True)
            assert cursor.fetchone()[0] == "a"
            assert cursor.cursor.nextset()
            assert cursor.fetchone()[0] == "b"

    def test_server_side_cursor(self) -> None:
        """With a name: iterated in its own batches, scrolled, described."""
        with connection.connection.cursor(name="named", scrollable=True) as cursor:
            cursor.itersize = 2
            cursor.execute("SELECT generate_series(1, 5)")
            assert [row[0] for row in cursor] == [1, 2, 3, 4, 5]
            cursor.scroll(0, mode="absolute")
            assert cursor.fetchone()[0] == 1

    def test_blocks_of_the_connection(self) -> None:
        """`transaction()` and `pipeline()` of psycopg's connection."""
        with connection.connection.transaction():
            Tag.objects.create(name="a")
        with connection.connection.pipeline():
            connection.connection.execute("INSERT INTO sample_app_tag (name) VALUES ('b')")
        assert Tag.objects.count() == 2

    def test_types_are_found(self) -> None:
        """Functions of psycopg's that want its connection take this one."""
        psycopg = importlib.import_module("psycopg")
        assert psycopg.types.TypeInfo.fetch(connection.connection, "text").name == "text"
        assert psycopg.sql.Identifier("a").as_string(connection.connection) == '"a"'
        assert psycopg.sql.Literal("a").as_string(connection.connection) == "'a'"


@pytest.mark.usefixtures("sandbox")
class TestSQLite:
    """sqlite3's own forms."""

    pytestmark = STARTED_BY_HAND

    @pytest.fixture(autouse=True)
    def sqlite(self, sandbox: Sandbox) -> None:
        only("sqlite")
        connection.ensure_connection()

    def test_executescript(self, shared_connection: Any) -> None:
        """Outside of a transaction it runs, with one of its own if it says so; inside it is refused."""
        script = "BEGIN; INSERT INTO sample_app_tag (name) VALUES ('a;b'); COMMIT; -- end\n"
        connection.connection.executescript(script)
        with connection.cursor() as cursor:
            cursor.executescript("INSERT INTO sample_app_tag (name) VALUES ('c')")
        assert {tag.name for tag in Tag.objects.all()} == {"a;b", "c"}
        with transaction.atomic(), pytest.raises(TransactionLost, match="was not run"):
            connection.connection.executescript(script)
        assert shared_connection.lost is None

    def test_blob(self) -> None:
        """Read and written in place."""
        raw = connection.connection
        if not hasattr(raw, "blobopen"):
            pytest.skip("Python below 3.11")
        raw.execute("CREATE TABLE things (data blob)")
        raw.execute("INSERT INTO things VALUES (zeroblob(4))")
        with raw.blobopen("things", "data", 1) as blob:
            blob.write(b"ab")
            blob[2:4] = b"cd"
            assert (len(blob), blob[0:2]) == (4, b"ab")
        assert raw.execute("SELECT data FROM things").fetchall() == [(b"abcd",)]

    def test_dump(self) -> None:
        """`iterdump` gives the test's rows; a backup, which would wait for its transaction for ever, is refused."""
        Tag.objects.create(name="a")
        assert 'INSERT INTO "sample_app_tag"' in "".join(connection.connection.iterdump())
        refused = pytest.raises(UnsupportedConnection, match="transaction=True")
        with closing(sqlite3.connect(":memory:")) as target, refused:
            connection.connection.backup(target)

    def test_context_manager_of_the_connection(self) -> None:
        """It commits, or rolls back after an error."""
        transaction.set_autocommit(False)
        with connection.connection:
            Tag.objects.create(name="a")
        with suppress(ValueError), connection.connection:
            Tag.objects.create(name="b")
            raise ValueError
        transaction.set_autocommit(True)
        assert [tag.name for tag in Tag.objects.all()] == ["a"]


@pytest.mark.usefixtures("sandbox")
class TestMySQL:
    """PyMySQL's and mysqlclient's own forms."""

    pytestmark = STARTED_BY_HAND

    @pytest.fixture(autouse=True)
    def mysql(self, sandbox: Sandbox) -> None:
        only("mysql")
        connection.ensure_connection()

    def test_unbuffered_cursor(self, worker: Any) -> None:
        """Its rows survive another thread's statement."""
        cursors = importlib.import_module(f"{connection.connection.__class__.__module__.partition('.')[0]}.cursors")
        with connection.connection.cursor(cursors.SSCursor) as cursor:
            cursor.execute("SELECT 1 UNION SELECT 2")
            assert cursor.fetchone() == (1,)
            assert worker(Tag.objects.count) == 0
            assert list(cursor) == [(2,)]

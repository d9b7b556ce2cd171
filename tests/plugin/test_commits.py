"""What a database checks at a commit: foreign keys on PostgreSQL and SQLite, and on PostgreSQL constraints that may
wait. In a sandbox no commit comes, and each is checked where the application's own would be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sandbox_marks import without_and_inside

from pytest_async_orm.drivers import keys_of_sqlite
from pytest_async_orm.drivers.dialect import Dialect
from pytest_async_orm.drivers.dialects import PostgreSQL
from pytest_async_orm.sharing.commits import Commits
from pytest_async_orm.sharing.lease import Lease
from pytest_async_orm.sharing.shared_connection import SharedConnection
from sample_app.models import Comment, Post

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.async_orm_sandbox("off"),
    pytest.mark.usefixtures("definitions"),
]
POST = 4711
EVERYWHERE = """
CREATE TABLE parent (id integer PRIMARY KEY);
CREATE TABLE child (parent integer REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
"""
POSTGRESQL = """
CREATE TABLE at_once (place integer UNIQUE DEFERRABLE INITIALLY IMMEDIATE);
CREATE TABLE late (place integer UNIQUE DEFERRABLE INITIALLY DEFERRED);
CREATE FUNCTION child_first(integer) RETURNS integer LANGUAGE sql AS
    'INSERT INTO child VALUES ($1); INSERT INTO parent VALUES ($1); SELECT $1';
CREATE FUNCTION orphan(integer) RETURNS void LANGUAGE sql AS 'INSERT INTO child VALUES (-$1)';
"""
TABLES = ["child", "parent", Comment._meta.db_table, Post._meta.db_table]


@pytest.fixture
def definitions() -> Iterator[None]:
    if connection.vendor == "mysql":
        pytest.skip("MariaDB checks each key at once")
    send_each(EVERYWHERE)
    if connection.vendor == "postgresql":
        send(POSTGRESQL)
    yield
    send_each("DROP TABLE child; DROP TABLE parent")
    if connection.vendor == "postgresql":
        send("DROP FUNCTION child_first(integer), orphan(integer); DROP TABLE at_once, late")


def send_each(script: str) -> None:
    for statement in filter(str.strip, script.split(";")):
        send(statement)


def send(sql: str, *parameters: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.rowcount


def comment() -> Any:
    return Comment.objects.create(post_id=POST, content="of no post") and None


def post() -> Any:
    return Post.objects.create(pk=POST, title="comes later") and None


def in_a_block(*names: str) -> Callable[[int], Any]:
    def run(number: int) -> Any:
        with transaction.atomic():
            return [ALL[name](number) for name in names]

    return run


def in_a_savepoint(number: int) -> Any:
    with transaction.atomic():
        return in_a_block("comment")(number)


def rolled_back(_: int) -> None:
    with transaction.atomic():
        comment()
        transaction.set_rollback(True)


def refused_at_once(_: int) -> list[str]:
    """By the statement, and not by the commit."""
    sent: list[str] = []
    with suppress(IntegrityError), transaction.atomic():
        send("INSERT INTO at_once VALUES (2), (2)")
        sent.append("waits")
    return sent


def copy(number: int) -> None:
    """psycopg 3 alone has it."""
    with connection.cursor() as cursor:
        if not hasattr(cursor, "copy"):
            cursor.execute("INSERT INTO child VALUES (%s)", [-number - 1])
            return
        with cursor.copy("COPY child FROM STDIN") as rows:
            rows.write_row([-number - 1])


def many(_: int) -> None:
    """Of good rows: psycopg's real connection does not survive a bad one."""
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO child VALUES (%s)", [(None,), (None,)])


def callback(number: int) -> list[int]:
    """What is called at the end of a block, if its commit succeeds."""
    called: list[int] = []
    with transaction.atomic():
        transaction.on_commit(lambda: called.append(number))
        comment()
    return called


def drivers_block(number: int) -> None:
    raw = connection.connection
    if not hasattr(raw, "transaction"):
        raise DatabaseError
    with raw.transaction(), raw.cursor() as cursor:
        cursor.execute(f"INSERT INTO child VALUES ({-number - 1})")


def replaced(_: int) -> None:
    """A parent's row, with all that its removal leaves behind."""
    Post.objects.update_or_create(pk=POST, defaults={"title": "once more"})
    comment()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {Post._meta.db_table} SET id = id + 1")


OPERATIONS: dict[str, Callable[[int], Any]] = {
    "comment": lambda _: comment(),
    "post": lambda _: post(),
    "remove posts": lambda _: Post.objects.all()._raw_delete("default") and None,
    "remove comments": lambda _: Comment.objects.all()._raw_delete("default") and None,
    "count": lambda _: Comment.objects.count(),
    "comment, post in a block": in_a_block("comment", "post"),
    "comment in a block": in_a_block("comment"),
    "comment in a savepoint": in_a_savepoint,
    "rolled back": rolled_back,
    "many": many,
    "callback": callback,
    "check": lambda _: connection.check_constraints(),
    "insert": lambda n: send("INSERT INTO child VALUES (%s)", -n - 1),
    "same key": lambda _: send("INSERT INTO parent VALUES (1), (1)"),
    "replaced": replaced,
}
# SQLite's databases in memory are never closed, and so never rolled back.
BY_HAND: dict[str, Callable[[int], Any]] = {
    "off": lambda _: transaction.set_autocommit(False),
    "on": lambda _: transaction.set_autocommit(True),
    "commit": lambda _: transaction.commit(),
    "roll back": lambda _: transaction.rollback(),
}
ON_POSTGRESQL: dict[str, Callable[[int], Any]] = {
    "script": lambda n: send(f"INSERT INTO child VALUES ({n}); INSERT INTO parent VALUES ({n})"),
    "bad script": lambda n: send(f"INSERT INTO parent VALUES ({n}); INSERT INTO child VALUES ({-n - 1})"),
    "function": lambda n: send("SELECT child_first(%s)", n),
    "bad DO": lambda n: send(f"DO $$ BEGIN PERFORM orphan({n + 1}); END $$"),
    "WITH": lambda n: send("WITH new AS (INSERT INTO child VALUES (%s) RETURNING 1) SELECT * FROM new", -n - 1),
    "copy": copy,
    "driver's block": drivers_block,
    "at once": lambda _: send("INSERT INTO at_once VALUES (1)"),
    "at once twice": in_a_block("at once", "at once"),
    "refused at once": refused_at_once,
    "late": lambda _: send("INSERT INTO late VALUES (1)"),
    "late in a block": in_a_block("late", "count"),
    "wait": lambda _: send("SET CONSTRAINTS ALL DEFERRED"),
    "do not wait": lambda _: send("SET CONSTRAINTS ALL IMMEDIATE"),
    "do not wait in a block": in_a_block("do not wait", "comment", "post"),
    "wait in a block": in_a_block("wait", "at once", "count"),
    "define": lambda _: send("ALTER TABLE child ADD COLUMN more integer; ALTER TABLE child DROP COLUMN more"),
}
ALL = OPERATIONS | BY_HAND | ON_POSTGRESQL


def possible() -> list[str]:
    """The operations that this database knows."""
    if connection.vendor == "postgresql":
        return list(ALL)
    return list(OPERATIONS if connection.is_in_memory_db() else OPERATIONS | BY_HAND)


programs = st.deferred(lambda: st.lists(st.sampled_from(possible()), max_size=7))


def tables() -> list[str]:
    return [*TABLES, *(["at_once", "late"] if connection.vendor == "postgresql" else [])]


def outcome(program: list[str]) -> list[Any]:
    """What each operation returned or raised, and how many rows are left for another connection."""
    seen: list[Any] = []
    for number, name in enumerate(filter(possible().__contains__, program), 1):
        try:
            connection.ensure_connection()
            seen.append((name, ALL[name](number)))
        except (DatabaseError, connection.Database.Error) as error:
            # With what an application reads off the driver's error.
            said = getattr(error.__cause__ or error, "diag", None)
            seen.append((name, type(error).__name__, getattr(said, "constraint_name", None)))
        if connection.in_atomic_block:
            # Django leaves it so where a block begins in a transaction that has failed, with autocommit off.
            connection.in_atomic_block = False
            break
    connections["default"].close()
    with connection.cursor() as cursor:
        for table in tables():
            cursor.execute(f"SELECT count(*) FROM {table}")
            seen.append((table, cursor.fetchone()[0]))
    return seen


def empty() -> None:
    send_each("; ".join(f"DELETE FROM {table}" for table in tables()))


def both(program: list[str]) -> tuple[list[Any], list[Any]]:
    """The outcome without a sandbox, and inside one."""
    empty()
    return without_and_inside(partial(outcome, program), empty)


def explore(examples: int, **options: Any) -> None:
    """Compare the outcomes of generated programs."""

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), **options)
    @example(["comment", "count", "post", "comment", "remove posts", "count"])
    @example(["comment in a block", "callback", "comment, post in a block", "define"])
    @example(["script", "bad script", "function", "bad DO", "WITH", "copy", "many", "driver's block", "define"])
    @example(
        ["late", "refused at once", "at once", "at once", "late", "late in a block", "at once twice", "wait in a block"]
    )
    @example(["wait", "do not wait in a block", "check", "comment, post in a block", "do not wait"])
    @example(["off", "comment", "commit", "count", "post", "commit", "on"])
    @given(programs)
    def programs_agree(program: list[str]) -> None:
        real, isolated = both(program)
        assert isolated == real

    programs_agree()


def test_generated_programs() -> None:
    """The same results, errors and rows as on a real connection."""
    explore(40)


FAULTS: list[tuple[str, Any, str, Any]] = [
    ("", Dialect, "can_check_commits", lambda self: False),
    ("", Commits, "end_autocommit", lambda self, what: None),
    ("", Commits, "release", lambda self, savepoint: self._shared.dialect.send(f"RELEASE SAVEPOINT {savepoint}")),
    ("", SharedConnection, "undo", lambda self, what: None),
    ("", Lease, "rollback", lambda self: None),
    ("sqlite", SharedConnection, "let_stand", lambda self: ()),
    ("sqlite", keys_of_sqlite, "are_violated", lambda raw: False),
    ("sqlite", keys_of_sqlite, "are_violated", lambda raw: True),
    ("sqlite", keys_of_sqlite, "_REPLACE", "SELECT 1"),
    ("postgresql", SharedConnection, "failed", lambda self, what, *, autocommit: None),
    ("postgresql", PostgreSQL, "_immediate", lambda self: ""),
    ("postgresql", PostgreSQL, "check_as_commit", lambda self, *then: self.send_all(NEVER_BACK, *then)),
]
NEVER_BACK = "SET CONSTRAINTS ALL IMMEDIATE"


@pytest.mark.planted
@pytest.mark.parametrize(("vendor", "owner", "name", "fault"), FAULTS)
def test_planted_fault_is_caught(
    vendor: str, owner: Any, name: str, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checks too few, too many, or without an end."""
    if not connection.vendor.startswith(vendor):
        pytest.skip(f"of {vendor}'s dialect")
    monkeypatch.setattr(PostgreSQL if owner is Dialect and connection.vendor != "sqlite" else owner, name, fault)
    with pytest.raises(BaseException):  # noqa: B017, PT011 - a fault may show as any error
        explore(10, phases=[Phase.explicit])

"""Definitions after rows whose foreign keys PostgreSQL checks at the commit, which in a test never comes: what a guest
of a sync test commits is checked no earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, connections, models, transaction
from sandbox_marks import STARTED_BY_HAND

from pytest_async_orm.drivers.dialects import PostgreSQL
from pytest_async_orm.drivers.statements import defines, leaves_rows
from pytest_async_orm.sharing.commits import Commits
from pytest_async_orm.sharing.hosting import Host
from pytest_async_orm.sharing.layers import Layers
from sample_app.models import Comment, Post

pytestmark = [*STARTED_BY_HAND, pytest.mark.usefixtures("on_postgresql", "together")]
COMMENTS = Comment._meta.db_table
ADD = f"ALTER TABLE {COMMENTS} ADD COLUMN more integer"
UNIQUE = "CREATE TABLE ordered (place integer UNIQUE DEFERRABLE INITIALLY IMMEDIATE)"


@pytest.fixture
def on_postgresql() -> None:
    """It alone has events that wait."""
    if connection.vendor != "postgresql":
        pytest.skip("nothing waits for a commit")


@pytest.fixture(params=["guests", "isolated"])
def together(request: pytest.FixtureRequest, db: None, layers: Layers) -> Iterator[None]:
    """The worker is a guest of this test, or isolated with it."""
    if request.param == "isolated":
        request.getfixturevalue("sandbox")
        yield
        return
    host = Host("test_example.py::test_it", 1.0)
    host.start([connections["default"]])
    layers.push(host)
    yield
    layers.pop()


def write() -> None:
    Comment.objects.create(post=Post.objects.create(title="written"))


def send(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def with_schema_editor() -> None:
    field = models.IntegerField(null=True)
    field.set_attributes_from_name("more")
    with connection.schema_editor() as editor:
        editor.add_field(Comment, field)


def in_a_block() -> None:
    with transaction.atomic(), transaction.atomic():
        Comment.objects.count()
        send(ADD)
        send(f"ALTER TABLE {COMMENTS} DROP COLUMN more")


DEFINITIONS: dict[str, Callable[[], None]] = {
    "ALTER": lambda: send(ADD),
    "TRUNCATE": lambda: send(f"TRUNCATE {COMMENTS}"),
    "within a function": lambda: send(f"DO $$ BEGIN {ADD}; END $$"),
    "schema editor": with_schema_editor,
    "block": in_a_block,
    "flush": lambda: call_command("flush", interactive=False, verbosity=0),
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_after_commits(worker: Any, name: str) -> None:
    """What was written in autocommit, and in a block that has ended, hinders no definition."""

    def migrate() -> None:
        write()
        with transaction.atomic():
            write()
        DEFINITIONS[name]()
        write()

    worker(migrate)
    assert worker(Comment.objects.count) in (1, 3)


def test_within_one_transaction(worker: Any) -> None:
    """Rows of the transaction's own hinder it, as in production."""

    def migrate() -> None:
        with transaction.atomic():
            write()
            send(ADD)

    with pytest.raises(DatabaseError, match="pending trigger events"):
        worker(migrate)


@pytest.mark.parametrize("name", ["ALTER", "block"])
def test_dangling_key(worker: Any, name: str) -> None:
    """A key that the commit would have refused is refused then, and what follows is as after any error."""

    def migrate() -> None:
        Comment.objects.create(post_id=4711)
        DEFINITIONS[name]()

    with pytest.raises(IntegrityError, match="4711"):
        worker(migrate)
    worker(Comment.objects.all().delete)
    worker(DEFINITIONS[name])


@pytest.mark.parametrize("name", ["ALTER", "block"])
def test_constraints_that_do_not_wait(worker: Any, name: str) -> None:
    """A constraint that is checked at once is so afterwards, also where it could wait."""

    def migrate() -> None:
        send(UNIQUE)
        write()
        DEFINITIONS[name]()
        send("INSERT INTO ordered VALUES (1)")
        send("INSERT INTO ordered VALUES (1)")

    with pytest.raises(IntegrityError, match="ordered"):
        worker(migrate)


def test_failure_of_its_own(worker: Any) -> None:
    """A definition that fails for another reason is undone alone."""

    def migrate() -> int:
        write()
        with pytest.raises(DatabaseError, match="no_such"):
            send(f"ALTER TABLE {COMMENTS} DROP COLUMN post_id, DROP COLUMN no_such")
        return Comment.objects.filter(post__title="written").count()

    assert worker(migrate) == 1


@pytest.mark.parametrize("together", ["guests"], indirect=True)
def test_words() -> None:
    """Statements are told by their first word, below comments."""
    assert defines("/* now */ truncate x")
    assert not defines("INSERT INTO x VALUES (1)")
    assert leaves_rows("SAVEPOINT x")
    assert not leaves_rows("WITH x AS (SELECT 1) INSERT INTO y SELECT * FROM x")


FAULTS: list[tuple[Any, str, Any, Callable[..., None], dict[str, str]]] = [
    (PostgreSQL, "misses_commit", lambda self, error: False, test_after_commits, {"name": "ALTER"}),
    (PostgreSQL, "checks_at_commit", False, test_after_commits, {"name": "block"}),
    (PostgreSQL, "check_as_commit", lambda self: None, test_after_commits, {"name": "TRUNCATE"}),
    (PostgreSQL, "row", lambda self, *args: (None,), test_constraints_that_do_not_wait, {"name": "ALTER"}),
    (
        Commits,
        "check_before",
        lambda self, what: not defines(str(what)) or bool(self.check_earlier(autocommit=False)),
        test_within_one_transaction,
        {},
    ),
]


@pytest.mark.planted
@pytest.mark.parametrize("together", ["guests"], indirect=True)
@pytest.mark.parametrize(("owner", "name", "fault", "test", "given"), FAULTS)
def test_planted_fault_is_caught(
    owner: Any, name: str, fault: Any, test: Any, given: Any, worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checks too few, or too many."""
    monkeypatch.setattr(owner, name, fault)
    with pytest.raises(BaseException):  # noqa: B017, PT011 - a fault may show as any error
        test(worker, **given)

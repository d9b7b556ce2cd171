"""`SET TRANSACTION` with a level of isolation: in a sandbox it does what it does in production, where one is alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from sandbox_marks import without_and_inside

from pytest_async_orm.drivers import traces
from pytest_async_orm.sharing import session
from pytest_async_orm.sharing.lease import Lease
from sample_app.models import Tag

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.async_orm_sandbox("off")]
LEVEL = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"
POSTGRESQL = [
    LEVEL,
    "/* first */ set transaction isolation level read committed, read only",
    "SET TRANSACTION READ WRITE, ISOLATION LEVEL REPEATABLE READ, NOT DEFERRABLE",
    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE",
    "SET TRANSACTION DEFERRABLE",
    "SET LOCAL transaction_isolation = 'serializable'",
    "SET transaction_deferrable TO on",
]
MARIADB = [LEVEL, "set transaction isolation level read uncommitted"]


@pytest.fixture(autouse=True)
def has_levels() -> None:
    """SQLite has one."""
    if connection.vendor == "sqlite":
        pytest.skip("of servers")


def send(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.description


def write() -> None:
    Tag.objects.create(name="written")


def at_once(sql: str) -> None:
    send(sql)
    write()


def in_a_block(sql: str) -> None:
    with transaction.atomic():
        send(sql)
        write()


def after_a_setting(sql: str) -> None:
    with transaction.atomic():
        send("SET LOCAL statement_timeout = 20000" if connection.vendor == "postgresql" else "SET @mine = 1")
        send(sql)
        write()


def after_a_statement(sql: str) -> None:
    with transaction.atomic():
        Tag.objects.count()
        send(sql)


def in_an_inner_block(sql: str) -> None:
    with transaction.atomic(), transaction.atomic():
        send(sql)


PLACES = [at_once, in_a_block, after_a_setting, after_a_statement, in_an_inner_block]


def outcome(place: Callable[[str], None], sql: str) -> tuple[str, int, Any]:
    """Which error the driver raised, how many rows there are, and what a later transaction can do."""
    error = ""
    try:
        place(sql)
    except DatabaseError as caught:
        error = type(caught.__cause__).__name__
    written = Tag.objects.count()
    with transaction.atomic():
        Tag.objects.create(name="later")
    return error, written, Tag.objects.count()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("number", range(len(POSTGRESQL)))
def test_as_in_production(place: Callable[[str], None], number: int) -> None:
    """Obeyed where the database obeys, at the beginning of a transaction, and refused where it refuses."""
    statements = POSTGRESQL if connection.vendor == "postgresql" else MARIADB
    if number >= len(statements) or (place is in_an_inner_block and connection.vendor == "mysql"):
        pytest.skip("MariaDB takes one at a time, and savepoints that nobody has used for no beginning")
    real, inside = without_and_inside(lambda: outcome(place, statements[number]), Tag.objects.all().delete)
    assert inside == real


def test_it_gives_no_rows() -> None:
    """A cursor has no description after it."""
    real, inside = without_and_inside(lambda: send(LEVEL), lambda: None)
    assert inside == real is None


FAULTS: list[tuple[Any, str, Any, Callable[[str], None], str]] = [
    (traces.Trace, "begins_with", "", in_a_block, LEVEL),
    (Lease, "_at_beginning", property(lambda self: True, lambda self, value: None), after_a_statement, LEVEL),
    (traces.Trace, "only_sets", False, after_a_setting, LEVEL),
]


@pytest.mark.planted
@pytest.mark.parametrize(("owner", "name", "fault", "place", "sql"), FAULTS)
def test_planted_fault_is_caught(
    owner: Any, name: str, fault: Any, place: Callable[[str], None], sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A level is sent, or dropped where the database refuses it."""
    if owner is traces.Trace:
        read = traces._read
        monkeypatch.setattr(traces, "_read", lambda *given: replace(read(*given) or traces.Trace(), **{name: fault}))
        monkeypatch.setattr(session, "TRACERS", {vendor: traces.tracer(vendor) for vendor in traces.TRACERS})
    else:
        monkeypatch.setattr(owner, name, fault, raising=False)
    real, inside = without_and_inside(lambda: outcome(place, sql), Tag.objects.all().delete)
    assert inside != real

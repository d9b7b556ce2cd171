"""The touched flush leaves a database as Django's flush leaves it, row by row and sequence by sequence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.db.models import signals
from flush_calls import as_django, contents, make, touched
from flush_schemas import ALIASES, ASIDE, Named, Spec, rounds, schema, schemas
from hypothesis import HealthCheck, Phase, example, given, settings

from pytest_async_orm.flushing import on_postgresql, on_sqlite
from pytest_async_orm.flushing.asking import Contents
from pytest_async_orm.flushing.flush import Flush, Outcome
from pytest_async_orm.flushing.seam import Flushing
from pytest_async_orm.flushing.understood import database_for
from pytest_async_orm.patches.after_migrate import content_types_in_memory

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=ALIASES),
    pytest.mark.allow_connection_leaks(reason="connections of the flush itself"),
]
EXAMPLES = int(os.environ.get("ASYNC_ORM_FLUSH_EXAMPLES", "5"))
EXPLORING = {
    "deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True, "database": None,
}  # fmt: skip


@pytest.fixture(autouse=True)
def aside() -> Iterator[None]:
    """A table of no model, with a row."""
    for alias in ALIASES:
        with connections[alias].cursor() as cursor:
            cursor.execute(f"CREATE TABLE {ASIDE} (name varchar(20))")
            cursor.execute(f"INSERT INTO {ASIDE} VALUES ('stays')")
        # An earlier test may have ended between the two.
        Named("reset_sequences", 0)(alias, [])
    yield
    for alias in ALIASES:
        with connections[alias].cursor() as cursor:
            cursor.execute(f"DROP TABLE {ASIDE}")


def compare(specs: list[Spec], tests: list[list[Named]], *, inhibit: bool = False) -> list[Outcome]:
    """The same writes on both databases, one flushed by each; what the touched flush did."""
    flushing, outcomes = make(), []
    with schema(specs) as made:
        try:
            for writes in [[], *tests, []]:
                for write in writes:
                    for alias in ALIASES:
                        write(alias, made)
                outcomes.append(touched(flushing, "default", inhibit_post_migrate=inhibit))
                as_django("other", inhibit_post_migrate=inhibit)
                assert contents("default") == contents("other")
        finally:
            touched(flushing, "default")
            as_django("other")
    assert [outcome.reason for outcome in outcomes if outcome.reason] == []
    return outcomes


CIRCLE = [Spec((1,), None, (1,), True), Spec((0, 1), None, (), False), Spec((2,), 0, (0,), False)]


@example(CIRCLE, [[Named("insert", 0), Named("insert", 2)], [Named("fill", 0), Named("insert", 1)]])
@example(CIRCLE, [[Named("reset_sequences", 0)], [Named("add_kind", 0)]])
@given(schemas(), rounds())
@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.generate, Phase.shrink], **EXPLORING)
@pytest.mark.slow
def test_as_after_djangos_flush(specs: list[Spec], tests: list[list[Named]]) -> None:
    """After generated writes to a generated schema every table and every sequence is as after Django's flush."""
    compare(specs, tests)


@pytest.mark.parametrize("write", ["insert", "fill", "add_kind", "reset_sequences", "join_group"])
def test_without_receivers(write: str) -> None:
    """So it is where receivers are not told, as with `serialized_rollback`: nothing is kept then."""
    compare(CIRCLE, [[Named(write, 0)], [Named("insert", 1)]], inhibit=True)


def test_what_nobody_touched_stays(flushing: Flushing) -> None:
    """Content types and permissions stay with their keys, test after test, while nobody changes them."""
    first = touched(flushing, "default")
    keys = _keys()
    following = [touched(flushing, "default") for _ in range(3)]
    assert first.made_again
    assert [(outcome.emptied, outcome.made_again) for outcome in following] == [(frozenset(), False)] * 3
    assert _keys() == keys


def _keys() -> list[Any]:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT id FROM auth_permission ORDER BY id")
        return cursor.fetchall()


@pytest.mark.parametrize(
    "write", ["add_kind", "add_kind_and_delete_it", "replace_permission", "rename_permission", "reset_sequences"]
)
def test_what_somebody_touched_is_made_again(flushing: Flushing, write: str) -> None:
    """A change of them, or of their sequences, has them made again, and then they stay again."""
    touched(flushing, "default")
    Named(write, 0)("default", [])
    # MariaDB sets a sequence to the key after the last one, at least.
    unchanged = write == "reset_sequences" and connections["default"].vendor == "mysql"
    assert touched(flushing, "default").made_again is not unchanged
    assert not touched(flushing, "default").made_again
    as_django("other")
    assert contents("default") == contents("other")


def test_only_touched_tables_are_emptied(flushing: Flushing) -> None:
    """Whoever wrote a row, the tables that hold one are the only ones that are emptied."""
    touched(flushing, "default")
    with connections["default"].cursor() as cursor:
        cursor.execute("INSERT INTO auth_group (name) VALUES ('by raw SQL')")
    assert touched(flushing, "default").emptied == {"auth_group"}


def test_content_types_in_memory_are_as_after_djangos_flush(
    flushing: Flushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many queries are sent after the flush as after Django's: what is in memory is the same, and fresh."""
    # Where contenttypes is installed before auth, permissions come last, and leave the content types of an app there.
    monkeypatch.setattr(signals.post_migrate, "receivers", signals.post_migrate.receivers[::-1])
    touched(flushing, "default")
    as_made = {alias: set(known) for alias, known in content_types_in_memory(ContentType.objects).items()}
    spoilt = next(iter(content_types_in_memory(ContentType.objects)["default"].values()))
    spoilt.model = "changed in memory alone"
    ContentType.objects.get_for_model(Group)
    assert not touched(flushing, "default").made_again
    known = content_types_in_memory(ContentType.objects)
    assert {alias: set(found) for alias, found in known.items()} == as_made
    stored = set(ContentType.objects.values_list("pk", "model"))
    assert {(kind.pk, kind.model) for kind in known["default"].values()} <= stored


DEFECTS: dict[str, tuple[list[Named], set[str]]] = {
    "table skipped": ([Named("insert", 0)], {"sqlite", "postgresql", "mysql"}),
    "changed but kept": ([Named("rename_permission", 0)], {"sqlite", "postgresql", "mysql"}),
    "receivers not told": ([Named("add_kind", 0)], {"sqlite", "postgresql", "mysql"}),
    # MariaDB never gives a key that a row has.
    "sequence not looked at": ([Named("reset_sequences", 0)], {"sqlite", "postgresql"}),
    # The others delete table by table, as Django does.
    "cascade missed": ([Named("fill", 0), Named("insert", 1)], {"postgresql"}),
}


def plant(defect: str, patch: pytest.MonkeyPatch) -> None:
    database = type(database_for(connections["default"], 5))
    ask = database.ask
    if defect == "table skipped":
        patch.setattr(database, "ask", lambda *given: _without(ask(*given)))
    elif defect == "changed but kept":
        patch.setattr(Contents, "__eq__", lambda *_: True)
    elif defect == "receivers not told":
        patch.setattr(Flush, "_make", lambda *_: None)
    elif defect == "sequence not looked at":
        patch.setattr(on_postgresql.PostgreSQL, "_sequences_of", lambda *_: [])
        patch.setattr(on_sqlite.SQLite, "_sequences", lambda *_: [])
    else:
        patch.setattr(on_postgresql, "_referring", lambda tables, _: tables)


def _without(answer: Any) -> Any:
    generated = sorted(table for table in answer.touched if "flushed" in table)
    return answer._replace(touched=answer.touched - set(generated[:1]))


@pytest.mark.planted
@pytest.mark.parametrize("defect", DEFECTS)
def test_finds(defect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison fails where the flush has a fault."""
    writes, vendors = DEFECTS[defect]
    if connections["default"].vendor not in vendors:
        pytest.skip("this database cannot have the fault")
    with monkeypatch.context() as patch:
        plant(defect, patch)
        with pytest.raises(AssertionError):
            compare(CIRCLE, [writes])
    compare(CIRCLE, [writes])

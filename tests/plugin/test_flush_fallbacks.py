"""Where the outcome of the touched flush is not certain, Django's own flush is called, and the reason is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.core.management.commands import flush as djangos
from django.db import connection, connections, transaction
from django.db.models import signals
from flush_calls import as_django, contents, options, touched
from flush_schemas import ALIASES, Named

from pytest_async_orm.flushing import postgresql_catalogue, understood
from pytest_async_orm.flushing.seam import Flushing

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=ALIASES),
    pytest.mark.allow_connection_leaks(reason="connections of the flush itself"),
]


@pytest.fixture(autouse=True)
def alike() -> None:
    """The same sequences on both databases."""
    for alias in ALIASES:
        Named("reset_sequences", 0)(alias, [])


def write(alias: str) -> None:
    Group.objects.using(alias).create(name="written")


def expect(flushing: Flushing, reason: str, **others: Any) -> None:
    """The touched flush becomes Django's, for that reason, and leaves what Django's leaves."""
    for alias in ALIASES:
        write(alias)
    outcome = touched(flushing, "default", **others)
    assert reason in (outcome.reason or "")
    as_django("other", **others)
    assert contents("default") == contents("other")


def execute(sql: str, alias: str = "default") -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute(sql)


@contextmanager
def definition(make: str, drop: str, *aliases: str) -> Iterator[None]:
    """Something in the database that is gone afterwards."""
    for alias in aliases or ALIASES:
        execute(make, alias)
    try:
        yield
    finally:
        for alias in aliases or ALIASES:
            execute(drop, alias)


def postgresql_only() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("of PostgreSQL")


@pytest.mark.parametrize(
    ("others", "reason"),
    [({"allow_cascade": True}, "available_apps"), ({"reset_sequences": True}, "other arguments"),
     ({"verbosity": 1}, "other arguments"), ({"more": 1}, "other arguments")],
)  # fmt: skip
def test_other_arguments(flushing: Flushing, others: dict[str, Any], reason: str) -> None:
    """Of a call that is not that of a transactional test, with or without `available_apps`, nothing is assumed."""
    called: list[dict[str, Any]] = []

    def call(_: str, **given: Any) -> None:
        called.append(given)
        given.pop("more", None)
        call_command("flush", **{**given, "verbosity": 0})

    flushing.flush(call, options("default", **others))
    assert reason in (flushing.outcomes["default"].reason or "")
    assert called
    assert "allow_cascade" not in others or touched(flushing, "default", allow_cascade=True).reason


def test_own_command(flushing: Flushing, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flush command of the project's own is called."""
    monkeypatch.setitem(understood.get_commands(), "flush", "sample_app")
    assert "not Django's own" in str(understood.why_not(connection, options("default"), call_command))


@pytest.mark.parametrize("name", ["sql_flush", "emit_post_migrate_signal"])
def test_own_statements(flushing: Flushing, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """So is one in which something of Django's was replaced."""
    original = getattr(djangos, name)
    monkeypatch.setattr(djangos, name, lambda *args, **more: original(*args, **more))
    expect(flushing, "not Django's own")


def test_own_handle(flushing: Flushing, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is Django's class with another `handle`."""
    original = djangos.Command.handle
    monkeypatch.setattr(djangos.Command, "handle", lambda *args, **more: original(*args, **more))
    expect(flushing, "not Django's own")


def test_own_call(flushing: Flushing) -> None:
    """So is whatever stood in the place of `call_command` before the plugin."""
    write("default")
    flushing.flush(lambda *args, **more: call_command(*args, **more), options("default"))
    assert "not Django's own" in str(flushing.outcomes["default"].reason)
    assert not Group.objects.exists()


@pytest.mark.parametrize(
    ("owner", "name"),
    [("ops", "sql_flush"), ("ops", "execute_sql_flush"), ("introspection", "django_table_names"),
     ("introspection", "get_table_list")],
)  # fmt: skip
def test_other_backend(flushing: Flushing, monkeypatch: pytest.MonkeyPatch, owner: str, name: str) -> None:
    """A backend that flushes in its own way, or has its own idea of what tables there are, does so."""
    wrapper = connections["default"]
    kind = type(getattr(wrapper, owner))
    original = getattr(kind, name)
    with monkeypatch.context() as patch:
        own = type(kind.__name__, (kind,), {name: lambda self, *args, **more: original(self, *args, **more)})
        patch.setattr(wrapper, owner, own(wrapper))
        expect(flushing, "is not known")


def test_unknown_vendor(flushing: Flushing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a database that Django does not come with nothing is known."""
    wrapper = connections["default"]
    monkeypatch.setattr(wrapper, "vendor", "oracle", raising=False)
    assert "oracle" in str(understood.why_not(wrapper, options("default"), call_command))
    assert understood.database_for(wrapper, 5) is None
    monkeypatch.delattr(wrapper, "vendor")


def test_mysql_is_not_mariadb(flushing: Flushing, monkeypatch: pytest.MonkeyPatch) -> None:
    """MySQL was not tried."""
    if connection.vendor != "mysql":
        pytest.skip("of MariaDB")
    monkeypatch.setitem(vars(connections["default"]), "mysql_is_mariadb", False)
    expect(flushing, "is not known")


def test_open_transaction(flushing: Flushing) -> None:
    """A test that leaves its own connection in a transaction gets what it gets without the plugin."""
    write("default")
    with transaction.atomic():
        touched(flushing, "default")
        assert "in a transaction" in str(flushing.outcomes["default"].reason)
    assert not Group.objects.exists()


TRIGGERS = {
    "sqlite": "BEGIN INSERT INTO sample_app_tag (name) VALUES ('x'); END",
    "mysql": "FOR EACH ROW DO 0",
    "postgresql": "FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
}


def test_trigger(flushing: Flushing) -> None:
    """A trigger may tell a row that is deleted from a table that is truncated, or fill another table."""
    make = f"CREATE TRIGGER told AFTER DELETE ON auth_group {TRIGGERS[connection.vendor]}"
    on_table = " ON auth_group" if connection.vendor == "postgresql" else ""
    with definition(make, f"DROP TRIGGER told{on_table}"):
        expect(flushing, "a trigger, told")
        expect(flushing, "a trigger, told")
    assert touched(flushing, "default").reason is None


@pytest.mark.parametrize(
    ("make", "drop"),
    [("CREATE RULE kept AS ON DELETE TO auth_group DO INSTEAD NOTHING", "DROP RULE kept ON auth_group"),
     ("ALTER TABLE auth_group ENABLE ROW LEVEL SECURITY", "ALTER TABLE auth_group DISABLE ROW LEVEL SECURITY"),
     ("CREATE TABLE heir () INHERITS (auth_group)", "DROP TABLE heir")],
    ids=["rule", "row security", "inherited"],
)  # fmt: skip
def test_special_table(flushing: Flushing, make: str, drop: str) -> None:
    """A table of PostgreSQL's that is more than rows is truncated as Django does."""
    postgresql_only()
    with definition(make, drop):
        expect(flushing, "the table auth_group is partitioned, inherited from")
    assert touched(flushing, "default").reason is None


def test_reference_from_an_unknown_table(flushing: Flushing) -> None:
    """Django cannot flush on PostgreSQL what a table refers to that it does not know: nor can the plugin, silently."""
    postgresql_only()
    make = "CREATE TABLE unknown (group_id int CONSTRAINT unknown_refers REFERENCES auth_group)"
    with definition(make, "DROP TABLE unknown"), pytest.raises(CommandError, match="couldn't be flushed"):
        touched(flushing, "default")
    assert touched(flushing, "default").reason is None


def test_distributed(flushing: Flushing, monkeypatch: pytest.MonkeyPatch) -> None:
    """An extension that keeps rows on other servers is not known."""
    postgresql_only()
    monkeypatch.setattr(postgresql_catalogue, "IS_DISTRIBUTED", "SELECT 'citus'")
    expect(flushing, "citus")


def test_sizes_that_are_wrong(flushing: Flushing, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on which a table with rows has an empty file is found out at the first flush."""
    postgresql_only()
    monkeypatch.setattr(postgresql_catalogue, "files", lambda *_: "SELECT 'file', '', 0, 0 WHERE false")
    expect(flushing, "this server keeps rows elsewhere")


def test_sizes_without_privileges(flushing: Flushing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may not see files asks for the sizes of tables."""
    postgresql_only()
    monkeypatch.setattr(postgresql_catalogue, "MAY_SEE_FILES", "SELECT false")
    for _ in range(2):
        write("default")
        assert touched(flushing, "default").reason is None
        assert not Group.objects.exists()


def test_error_of_the_database(flushing: Flushing, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the database refuses is done by Django's flush, from the start; the next is a touched one again."""
    touched(flushing, "default")
    database = type(understood.database_for(connection, 5))
    with monkeypatch.context() as patch:
        patch.setattr(database, "empty", _failing(database.empty))
        expect(flushing, "the database refused")
    write("default")
    assert touched(flushing, "default").reason is None
    assert not Group.objects.exists()


def _failing(original: Callable[..., Any]) -> Callable[..., Any]:
    def empty(self: Any, connection: Any, cursor: Any, *args: Any) -> None:
        original(self, connection, cursor, *args)
        cursor.execute("SELECT nothing FROM nowhere")

    return empty


def test_table_that_is_gone(flushing: Flushing) -> None:
    """A table that was dropped since the last flush is Django's to leave out."""
    from django.contrib.sessions.models import Session

    Session.objects.create(session_key="k", expire_date="2030-01-01T00:00Z")
    touched(flushing, "default")
    with connection.schema_editor() as editor:
        editor.delete_model(Session)
    try:
        for _ in range(2):
            write("default")
            touched(flushing, "default")
            assert not Group.objects.exists()
    finally:
        with connection.schema_editor() as editor:
            editor.create_model(Session)


def _told(**_: Any) -> None:
    Group.objects.get_or_create(name="made by a receiver")


def test_receiver_of_the_project(flushing: Flushing) -> None:
    """A receiver that is not Django's own is told after every flush, since nobody knows what it does."""
    signals.post_migrate.connect(_told, weak=False, dispatch_uid="told")
    try:
        for _ in range(3):
            outcome = touched(flushing, "default")
            assert (outcome.reason, outcome.made_again) == (None, True)
            assert Group.objects.count() == 1
    finally:
        signals.post_migrate.disconnect(dispatch_uid="told")
    assert touched(flushing, "default").made_again
    assert not touched(flushing, "default").made_again


def test_other_models(flushing: Flushing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where models ask for other permissions than before, they are made."""
    touched(flushing, "default")
    monkeypatch.setattr(Group._meta, "permissions", [("lead", "Can lead")])
    assert touched(flushing, "default").made_again
    assert Permission.objects.filter(codename="lead").exists()
    assert not touched(flushing, "default").made_again

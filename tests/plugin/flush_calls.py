"""The touched flush and Django's, called as the end of a transactional test calls them, and what they leave."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connections, models

from pytest_async_orm.flushing.flush import Outcome
from pytest_async_orm.flushing.seam import Flushing


def make(seconds: float = 5) -> Flushing:
    """What a session has that waits so long for locks."""
    made = Flushing()
    made.seconds = seconds
    return made


def options(alias: str, **others: Any) -> dict[str, Any]:
    """As Django's transactional tests call the command."""
    given = {"reset_sequences": False, "allow_cascade": False, "inhibit_post_migrate": False}
    return {"verbosity": 0, "interactive": False, "database": alias, **given, **others}


def touched(flushing: Flushing, alias: str, **others: Any) -> Outcome:
    """What the touched flush did."""
    flushing.flush(call_command, options(alias, **others))
    return flushing.outcomes[alias]


def as_django(alias: str, **others: Any) -> None:
    """Django's own flush."""
    call_command("flush", **options(alias, **others))


def contents(alias: str) -> dict[str, Any]:
    """Everything that a database holds: rows by table, and what sequences have given.

    Of content types and permissions, which keep their keys or get new ones, the natural keys, and whether the next key
    is one that no row has.
    """
    connection = connections[alias]
    given = _sequences(alias)
    found: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found[table] = sorted(map(repr, cursor.fetchall()))
    for model in (ContentType, Permission):
        table = model._meta.db_table
        largest = model.objects.using(alias).aggregate(models.Max("pk"))["pk__max"] or 0
        found[table] = sorted(repr(row.natural_key()) for row in model.objects.using(alias).all())
        found[f"{table} gives"] = given.pop(table, 0) >= largest
    return {**found, "sequences": given}


def _sequences(alias: str) -> dict[str, int]:
    """The last key that was given, by table that has given any: SQLite keeps a zero of some."""
    connection = connections[alias]
    sql = {
        "sqlite": "SELECT name, seq FROM sqlite_sequence",
        "postgresql": "SELECT regexp_replace(sequencename, '_id_seq$', ''), last_value FROM pg_sequences "
        "WHERE last_value IS NOT NULL AND schemaname = current_schema()",
        "mysql": "SELECT table_name, auto_increment - 1 FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND auto_increment IS NOT NULL",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {name: int(given) for name, given in cursor.fetchall() if int(given)}

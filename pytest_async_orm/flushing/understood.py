"""Whether a flush is one whose outcome is known in every part: Django's own code on one of Django's own backends."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from django.core import management
from django.core.management import get_commands, load_command_class

from pytest_async_orm.flushing.asking import Database
from pytest_async_orm.flushing.on_mariadb import MariaDB
from pytest_async_orm.flushing.on_postgresql import PostgreSQL
from pytest_async_orm.flushing.on_sqlite import SQLite
from pytest_async_orm.messages import flushing as messages
from pytest_async_orm.patches.after_migrate import own_statements

_DJANGO = Path(django.__file__).parent
_BACKENDS = {"postgresql": "postgresql", "mysql": "mysql", "sqlite": "sqlite3"}
# What decides which tables there are and how they are emptied.
_DECIDING = {
    "operations.DatabaseOperations": ("ops", ("sql_flush", "execute_sql_flush", "quote_name")),
    "introspection.DatabaseIntrospection": (
        "introspection",
        ("django_table_names", "get_migratable_models", "get_table_list", "identifier_converter", "table_names"),
    ),
}
FLUSH = {"verbosity": 0, "interactive": False, "reset_sequences": False}
"""How Django's transactional tests call the flush command, besides what differs from test to test."""
_GIVEN = {*FLUSH, "database", "allow_cascade", "inhibit_post_migrate"}


def database_for(connection: Any, seconds: float) -> Database | None:
    """What asks a connection's database; None for one that is not known. MySQL is not MariaDB: it was not tried."""
    if connection.vendor == "mysql":
        return MariaDB(seconds) if connection.mysql_is_mariadb else None
    known: dict[str, type[PostgreSQL | SQLite]] = {"postgresql": PostgreSQL, "sqlite": SQLite}
    return known[connection.vendor](seconds) if connection.vendor in known else None


def why_not(connection: Any, options: dict[str, Any], call_command: Callable[..., Any]) -> str | None:
    """Why a flush has to be Django's own, before the database is asked; None if it need not be."""
    if options.keys() != _GIVEN or any(options[name] != value for name, value in FLUSH.items()):
        return messages.OTHER_CALL
    if options["allow_cascade"]:
        return messages.CASCADE
    if call_command is not management.call_command or not _is_command_of_django():
        return messages.OTHER_COMMAND
    if not _is_backend_of_django(connection):
        return messages.other_backend(f"{type(connection).__module__}, {connection.vendor}")
    if connection.in_atomic_block or not connection.get_autocommit():
        return messages.IN_TRANSACTION
    return None


def _is_command_of_django() -> bool:
    if get_commands().get("flush") != "django.core":
        return False
    command = load_command_class("django.core", "flush")
    return all(is_djangos(found) for found in own_statements(command))


def _is_backend_of_django(connection: Any) -> bool:
    backend = _BACKENDS.get(connection.vendor)
    if backend is None or getattr(connection, "is_virtual", False):
        return False
    for place, (attribute, names) in _DECIDING.items():
        module, _, name = place.partition(".")
        kind = getattr(import_module(f"django.db.backends.{backend}.{module}"), name)
        if not all(_is_same(getattr(connection, attribute), kind, name) for name in names):
            return False
    return connection.vendor != "mysql" or bool(connection.mysql_is_mariadb)


def _is_same(found: Any, kind: type[Any], name: str) -> bool:
    return name not in vars(found) and getattr(type(found), name) is getattr(kind, name)


def is_djangos(function: Any) -> bool:
    """Whether a function's code is Django's, whatever it calls itself."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return code is not None and _is_below_django(code.co_filename)


@lru_cache(maxsize=1024)
def _is_below_django(file: str) -> bool:
    return _DJANGO in Path(file).parents

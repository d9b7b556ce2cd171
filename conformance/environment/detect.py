"""Measure the environment of the running process. Django must be set up and the database reachable."""

from __future__ import annotations

import importlib
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import TYPE_CHECKING, Any

from conformance.environment.model import Environment

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


def detect_environment(connection: BaseDatabaseWrapper, runner: str) -> Environment:
    """Ask the packages and the server for their versions.

    Raises whatever the driver raises if the server does not answer.
    """
    import asgiref
    import django

    driver, driver_version = _driver(connection)
    return Environment(
        django=django.get_version(),
        asgiref=asgiref.__version__,
        python=platform.python_version(),
        vendor=_vendor(connection),
        server_version=".".join(str(part) for part in _server_version(connection)),
        driver=driver,
        driver_version=driver_version,
        variant=_variant(connection),
        pooled=bool(connection.settings_dict["OPTIONS"].get("pool")),
        conn_max_age=connection.settings_dict["CONN_MAX_AGE"],
        runner=runner,
        server_side_binding=bool(connection.settings_dict["OPTIONS"].get("server_side_binding")),
    )


def _server_version(connection: Any) -> Iterable[int]:
    if hasattr(connection, "get_database_version"):
        version: Iterable[int] = connection.get_database_version()
    # Before Django 4.2 each backend has a name of its own for it.
    elif connection.vendor == "postgresql":
        version = divmod(connection.pg_version, 10_000)
    elif connection.vendor == "mysql":
        version = connection.mysql_version
    else:
        version = connection.Database.sqlite_version_info
    return version


def _vendor(connection: BaseDatabaseWrapper) -> str:
    # Django calls both products "mysql"; they are two databases here.
    return "mariadb" if getattr(connection, "mysql_is_mariadb", False) else connection.vendor


def _driver(connection: BaseDatabaseWrapper) -> tuple[str, str]:
    """The distribution that the backend's DB-API module belongs to, whatever name it was imported under."""
    connection.ensure_connection()
    module = type(connection.connection).__module__.partition(".")[0]
    if module in ("sqlite3", "django"):
        return "sqlite3", platform.python_version()
    names = packages_distributions().get(module, [module])
    try:
        return names[0], version(names[0])
    except PackageNotFoundError:
        return module, str(getattr(importlib.import_module(module), "__version__", "unknown"))


def _variant(connection: Any) -> str:
    if connection.vendor != "sqlite":
        return "server"
    if connection.is_in_memory_db():
        return "memory"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        return "wal" if cursor.fetchone()[0] == "wal" else "file"

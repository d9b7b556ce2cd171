"""Measure the environment of the running process. Django must be set up and the database reachable."""

from __future__ import annotations

import importlib
import platform
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import TYPE_CHECKING

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
        server_version=".".join(str(part) for part in connection.get_database_version()),
        driver=driver,
        driver_version=driver_version,
        variant=_variant(connection),
        pooled=bool(connection.settings_dict["OPTIONS"].get("pool")),
        conn_max_age=connection.settings_dict["CONN_MAX_AGE"],
        runner=runner,
    )


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


def _variant(connection: BaseDatabaseWrapper) -> str:
    if connection.vendor != "sqlite":
        return "server"
    name = str(connection.settings_dict["NAME"])
    return "memory" if ":memory:" in name or "mode=memory" in name else "file"

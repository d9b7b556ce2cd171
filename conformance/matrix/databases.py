"""The databases that the sample app has settings for, each in every way in which Django can be brought to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from conformance.matrix.djangos import DjangoRelease

_SQLITE = "SQLite comes with Python."
_POSTGRESQL = (
    "Start the server, or set PGHOST, PGPORT, PGUSER and PGPASSWORD; the role must be allowed to create databases."
)
_MARIADB = (
    "Start the server, or set MYSQL_HOST, MYSQL_TCP_PORT, MYSQL_USER and MYSQL_PWD; "
    "the user must be allowed to create databases."
)
# What every environment has, so that one serves every database of its Django. Other drivers have environments of their
# own: with both installed, Django takes one of them.
COMMON_EXTRAS = ("mariadb", "postgresql-pool")


@dataclass(frozen=True)
class Database:
    """One way to one database.

    `extras` are the suite's that bring its driver. `since` is the oldest Django series that knows this way, and `why`
    says what older ones lack. `axes` are the fields of `Environment` that are known before a server has been asked.
    """

    name: str
    title: str
    vendor: str
    settings: str
    remedy: str
    extras: tuple[str, ...] = COMMON_EXTRAS
    since: str = ""
    why: str = ""
    axes: dict[str, Any] = field(default_factory=dict, hash=False)

    def obstacle(self, release: DjangoRelease) -> str:
        """Why this Django cannot be measured in this way, whatever the machine has; empty if it can."""
        if not self.since or release.is_at_least(self.since):
            return ""
        return f"it needs Django {self.since}, older ones {self.why}"


def _sqlite(name: str, title: str, variant: str, **more: Any) -> Database:
    settings = f"sample_app.settings.{name.replace('-', '_')}"
    axes = {"vendor": "sqlite", "driver": "sqlite3", "variant": variant}
    return Database(name, title, "sqlite", settings, _SQLITE, axes=axes, **more)


def _postgresql(name: str, title: str, settings: str = "", **more: Any) -> Database:
    settings = f"sample_app.settings.{settings or name.replace('-', '_')}"
    axes = {"vendor": "postgresql", "driver": "psycopg", "variant": "server", **more.pop("axes", {})}
    return Database(name, title, "postgresql", settings, _POSTGRESQL, axes=axes, **more)


def _mariadb(name: str, title: str, driver: str, **more: Any) -> Database:
    axes = {"vendor": "mariadb", "driver": driver, "variant": "server"}
    return Database(name, title, "mariadb", "sample_app.settings.mariadb", _MARIADB, axes=axes, **more)


DATABASES = {
    database.name: database
    for database in (
        _sqlite("sqlite", "SQLite", "file"),
        _sqlite("sqlite-memory", "SQLite in memory", "memory"),
        _sqlite("sqlite-wal", "SQLite with WAL", "wal", since="5.1", why="run no command when they connect"),
        _postgresql("postgresql", "PostgreSQL", since="4.2", why="know psycopg2 alone"),
        _postgresql(
            "postgresql-pool",
            "PostgreSQL with a pool",
            since="5.1",
            why="have no pool",
            axes={"pooled": True},
        ),
        _postgresql(
            "postgresql-server-side-binding",
            "PostgreSQL with server-side binding",
            since="4.2",
            why="know psycopg2 alone",
            axes={"server_side_binding": True},
        ),
        _postgresql(
            "postgresql-psycopg2",
            "PostgreSQL through psycopg2",
            settings="postgresql",
            extras=("psycopg2",),
            axes={"driver": "psycopg2-binary"},
        ),
        _mariadb("mariadb", "MariaDB", "PyMySQL"),
        _mariadb("mariadb-mysqlclient", "MariaDB through mysqlclient", "mysqlclient", extras=("mysqlclient",)),
    )
}
VARIANTS = tuple(name for name in DATABASES if name not in ("sqlite", "postgresql", "mariadb"))
"""The ways beside the usual one to each database."""


def usual_databases(release: DjangoRelease) -> tuple[Database, ...]:
    """One way to each database: the one that this Django's documentation names first, of those that it knows."""
    chosen = []
    for vendor in ("sqlite", "postgresql", "mariadb"):
        ways = [database for database in DATABASES.values() if database.vendor == vendor]
        chosen.append(next(database for database in ways if not database.obstacle(release)))
    return tuple(chosen)

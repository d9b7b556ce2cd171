"""The databases that the sample app has settings for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Database:
    """`extra` is the suite's extra that brings its driver; empty where Python itself does."""

    name: str
    title: str
    settings: str
    extra: str
    remedy: str


DATABASES = {
    database.name: database
    for database in (
        Database("sqlite", "SQLite", "sample_app.settings.sqlite", "", "SQLite comes with Python."),
        Database(
            "postgresql",
            "PostgreSQL",
            "sample_app.settings.postgresql",
            "postgresql",
            "Start the server, or set PGHOST, PGPORT, PGUSER and PGPASSWORD; "
            "the role must be allowed to create databases.",
        ),
        Database(
            "mariadb",
            "MariaDB",
            "sample_app.settings.mariadb",
            "mariadb",
            "Start the server, or set MYSQL_HOST, MYSQL_TCP_PORT, MYSQL_USER and MYSQL_PWD; "
            "the user must be allowed to create databases.",
        ),
    )
}

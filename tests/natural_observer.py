"""What an observer sees of the test databases, from outside the run that makes them."""

from __future__ import annotations

import importlib
import importlib.util
import os
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

_POLL_SECONDS = 0.01
# What Django writes into every database that it creates.
OWN_TABLES = {"django_content_type", "auth_permission", "django_migrations", "sqlite_sequence"}


def connect(database: str, name: str | None = None) -> Any:
    """A connection to a database of the server, in autocommit; None stands for one that is always there.

    Raises the driver's `OperationalError`.
    """
    if database.startswith("postgresql"):
        driver = importlib.import_module("psycopg" if importlib.util.find_spec("psycopg") else "psycopg2")
        connection = driver.connect(
            host=os.environ.get("PGHOST", "127.0.0.1"),
            user=os.environ.get("PGUSER", "postgres"),
            password=os.environ.get("PGPASSWORD"),
            dbname=name or "postgres",
        )
        connection.autocommit = True
        return connection
    driver = importlib.import_module("MySQLdb" if importlib.util.find_spec("MySQLdb") else "pymysql")
    return driver.connect(
        host=os.environ.get("MYSQL_HOST", "127.0.0.1"),
        port=int(os.environ.get("MYSQL_TCP_PORT", "3306")),
        user=os.environ.get("MYSQL_USER", "root"),
        password=os.environ.get("MYSQL_PWD", ""),
        autocommit=True,
        **({"database": name} if name else {}),
    )


class Observer:
    """Of one database: the test databases that runs on it make, in a directory or on the server."""

    def __init__(self, database: str, directory: str) -> None:
        self.database = database
        self._directory = Path(directory)
        is_postgresql = database.startswith("postgresql")
        base = os.environ.get("PGDATABASE", "postgres") if is_postgresql else os.environ.get("MYSQL_DATABASE", "test")
        workers = ("", "_gw0", "_gw1")
        self._names = [f"test_{name}{worker}" for name in (base, f"{base}_other") for worker in workers]
        self._catalogue = (
            ("datname", "pg_database") if is_postgresql else ("schema_name", "information_schema.schemata")
        )
        self._server = None if database.startswith("sqlite") else connect(database)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    def present(self) -> list[str]:
        """The test databases that exist at the moment."""
        if self._server is None:
            return sorted(path.name for path in self._directory.glob("natural_*.sqlite3*"))
        column, table = self._catalogue
        with closing(self._server.cursor()) as cursor:
            cursor.execute(f"SELECT {column} FROM {table} WHERE {column} IN %s" % _listed(self._names))
            return sorted(row[0] for row in cursor.fetchall())

    def rows(self) -> dict[str, int]:
        """How many rows each table has that is not empty, in all test databases."""
        found = {}
        for name in self.present():
            with closing(connect(self.database, name)) as connection:
                found.update({f"{name}.{table}": number for table, number in rows_left(connection).items()})
        return found

    def drop(self) -> None:
        """Drop the test databases that a run has kept."""
        assert self._server is not None
        with closing(self._server.cursor()) as cursor:
            for name in self.present():
                cursor.execute(f"DROP DATABASE {name}")

    def require_empty(self) -> None:
        """Stop if a kept database has rows, or if there is none to look at."""
        if not self.present():
            raise SystemExit(f"{self.database}: no test database was kept")
        if left := self.rows():
            raise SystemExit(f"{self.database}: rows were left: {left}")

    def require_gone(self) -> None:
        if left := self.present():
            raise SystemExit(f"{self.database}: test databases were not dropped: {left}")


def _listed(names: list[str]) -> str:
    return "(" + ", ".join(f"'{name}'" for name in names) + ")"


def rows_left(connection: Any) -> dict[str, int]:
    """The tables of one database that are not empty, by the observer's own queries."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema NOT IN ('information_schema', 'pg_catalog', 'mysql', 'performance_schema', 'sys')"
            + (" AND table_schema = DATABASE()" if "psycopg" not in type(connection).__module__ else "")
        )
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT COUNT(*) FROM {table}")
            number = cursor.fetchone()[0]
            if number and table not in OWN_TABLES:
                found[table] = number
    return found


class Watch:
    """Polls for the test databases while a run goes on, and notes when the last of them went away."""

    def __init__(self, observer: Observer) -> None:
        self.gone_at: float | None = None
        self._observer = observer
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="observer", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._stop.set()
        self._thread.join()

    def _poll(self) -> None:
        seen = False
        while not self._stop.wait(_POLL_SECONDS):
            if self._observer.present():
                seen, self.gone_at = True, None
            elif seen and self.gone_at is None:
                self.gone_at = time.time()

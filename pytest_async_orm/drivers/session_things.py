"""How each database is asked whether its session still has a thing, and made to let it go."""

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import ClassVar

from pytest_async_orm.drivers.dialect import Dialect
from pytest_async_orm.drivers.kept_things import ROUTINES, TEMPORARY, TYPES, Thing

_NUMBERS = itertools.count(1)


class SQLiteThings:
    """SQLite's temporary tables and attached databases."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def exists(self, thing: Thing) -> bool:
        """Whether the session has it at this moment; true where the database does not tell."""
        if thing.kind == "database":
            return any(row[1].lower() == thing.name.lower() for row in self._dialect.rows("PRAGMA database_list"))
        sql = "SELECT 1 FROM sqlite_temp_master WHERE name = ? COLLATE NOCASE"
        return bool(self._dialect.rows(sql, (thing.name,)))

    def drop(self, thing: Thing) -> None:
        """Let it go, as the server does when a connection closes. Never raises."""
        name = thing.name.replace('"', '""')
        with suppress(Exception):
            if thing.kind == "database":
                self._dialect.send(f'DETACH "{name}"')
            else:
                self._dialect.send(f'DROP {thing.kind.upper()} IF EXISTS temp."{name}"')


class PostgreSQLThings(SQLiteThings):
    """PostgreSQL's temporary tables, routines and types, prepared statements, cursors and advisory locks."""

    _VIEWS: ClassVar = {"statement": "pg_prepared_statements", "cursor": "pg_cursors"}
    _DROPS: ClassVar = {
        "statement": "DEALLOCATE {}",
        "cursor": "CLOSE {}",
        "lock": "SELECT pg_advisory_unlock_all()",
    }

    def exists(self, thing: Thing) -> bool:
        """Whether the session has it at this moment."""
        if thing.kind in TEMPORARY:
            return bool(
                self._dialect.rows("SELECT 1 WHERE to_regclass(%s) IS NOT NULL", (f"pg_temp.{_quoted(thing)}",))
            )
        if thing.kind in _CATALOGUES:
            table, column = _CATALOGUES[thing.kind]
            # Of a session that has nothing temporary the schema is 0.
            sql = f"SELECT 1 FROM {table} WHERE {column}name = %s AND {column}namespace = pg_my_temp_schema()"
            return bool(self._dialect.rows(sql, (thing.name,)))
        if thing.kind == "lock":
            # Which locks are the transaction's is not told.
            sql = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            return bool(self._dialect.rows(sql))
        return bool(self._dialect.rows(f"SELECT 1 FROM {self._VIEWS[thing.kind]} WHERE name = %s", (thing.name,)))

    def drop(self, thing: Thing) -> None:
        """Let it go, as the server does when a connection closes. Never raises."""
        kind = "ROUTINE" if thing.kind in ROUTINES else thing.kind.upper()
        drop = self._DROPS.get(thing.kind, f"DROP {kind} pg_temp.{{}} CASCADE").format(_quoted(thing))
        savepoint = f"async_orm_drop{next(_NUMBERS)}"
        with suppress(Exception):
            if not self.exists(thing):
                return
            self._dialect.send(f"SAVEPOINT {savepoint}")
            try:
                self._dialect.send(drop)
            except Exception:  # noqa: BLE001 - each driver has its own
                self._dialect.send(f"ROLLBACK TO SAVEPOINT {savepoint}")
            self._dialect.send(f"RELEASE SAVEPOINT {savepoint}")


_CATALOGUES = {**dict.fromkeys(ROUTINES, ("pg_proc", "pro")), **dict.fromkeys(TYPES, ("pg_type", "typ"))}


def _quoted(thing: Thing) -> str:
    return '"' + thing.name.replace('"', '""') + '"'


class MySQLThings(SQLiteThings):
    """MariaDB's and MySQL's temporary tables, prepared statements and named locks."""

    _DROPS: ClassVar = {
        "table": "DROP TEMPORARY TABLE IF EXISTS `{}`",
        "statement": "DEALLOCATE PREPARE `{}`",
        "lock": "DO RELEASE_ALL_LOCKS()",
    }

    def exists(self, thing: Thing) -> bool:
        """Whether the session has it at this moment; true for what the server does not tell."""
        if thing.kind != "table":
            return True
        try:
            row = self._dialect.row("SHOW CREATE TABLE `{}`".format(thing.name.replace("`", "``")))
        except Exception:  # noqa: BLE001 - each driver has its own
            return False
        return bool(row[1].startswith("CREATE TEMPORARY"))

    def drop(self, thing: Thing) -> None:
        """Let it go, as the server does when a connection closes. Never raises."""
        with suppress(Exception):
            self._dialect.send(self._DROPS[thing.kind].format(thing.name.replace("`", "``")))


def things_of(vendor: str, dialect: Dialect) -> SQLiteThings:
    """What knows of a connection's things."""
    by_vendor = {"postgresql": PostgreSQLThings, "mysql": MySQLThings}
    return by_vendor.get(vendor, SQLiteThings)(dialect)

"""An independent connection: seeds the database, and sees what was really committed.

It is never handed out by Django's `connections`, so no code under test can reach it, and it speaks plain SQL, so no
defect of the ORM's methods can colour what it sees.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from conformance.checks.plain import mask_key, mask_scalar

_SESSIONS = {
    "postgresql": "SELECT COUNT(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
    "mysql": "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()",
}
Snapshot = dict[str, list[tuple[Any, ...]]]
# A model with its rows, as dicts from column attribute to value.
Table = tuple[type[Any], list[dict[str, Any]]]


class Observer:
    """One connection of its own to the database of `alias`."""

    def __init__(self, alias: str, models: Sequence[type[Any]]) -> None:
        from django.db import connections

        self._connection = connections.create_connection(alias)
        # It may look while the check's own thread waits for a coroutine.
        self._connection.inc_thread_sharing()
        self._models = tuple(models)
        # Tables beside those, which the rows of now have: emptied with the others, and seen until then.
        self._more: tuple[type[Any], ...] = ()

    def replace_rows(self, rows: Iterable[Table], more: Sequence[Table] = ()) -> None:
        """Empty every table and fill it again, committed. Rows are dicts from column attribute to value.

        `more` are rows of other tables, which are seen until the next call.
        """
        others = tuple(dict.fromkeys(model for model, _ in more if model not in self._models))
        connection = self._connection
        connection.ensure_connection()
        connection.set_autocommit(False)
        try:
            with connection.cursor() as cursor:
                self._empty(cursor, (*self._models, *dict.fromkeys((*self._more, *others))))
                for model, values in (*rows, *more):
                    self._insert(cursor, model, values)
            connection.commit()
            self._more = others
        except BaseException:
            connection.rollback()
            raise
        finally:
            connection.set_autocommit(True)

    def continue_sequences(self) -> None:
        """Let sequences go on from the highest keys, also where rows with keys of their own do not move them."""
        from django.core.management.color import no_style

        with self._connection.cursor() as cursor:
            for statement in self._connection.ops.sequence_reset_sql(no_style(), self._models):
                cursor.execute(statement)

    def snapshot(self, known_keys: frozenset[int]) -> Snapshot:
        """What is committed now: for each table its rows, keys of new rows and clock readings masked."""
        return {model._meta.db_table: self._rows(model, known_keys) for model in (*self._models, *self._more)}

    def sessions(self) -> int:
        """Connections to the database besides this one, by what its server says; open files of an embedded one."""
        if self._connection.vendor == "sqlite":
            return _open_files(str(self._connection.settings_dict["NAME"])) - 1
        with self._connection.cursor() as cursor:
            cursor.execute(_SESSIONS[self._connection.vendor])
            return int(cursor.fetchone()[0])

    def close(self) -> None:
        """Close the observer's own connection."""
        self._connection.close()

    def _empty(self, cursor: Any, models: Sequence[type[Any]]) -> None:
        """Delete all rows, of the last table first: in one statement where the driver takes several at a time."""
        deletes = [f"DELETE FROM {self._quote(model._meta.db_table)}" for model in reversed(models)]
        if self._connection.vendor == "sqlite":
            # A script commits first and begins no transaction of its own.
            cursor.executescript("; ".join(("BEGIN", *deletes)))
        elif self._connection.vendor == "postgresql" and not self._connection.settings_dict["OPTIONS"].get(
            "server_side_binding"
        ):
            cursor.execute("; ".join(deletes))
        else:
            for delete in deletes:
                cursor.execute(delete)

    def _rows(self, model: type[Any], known_keys: frozenset[int]) -> list[tuple[Any, ...]]:
        fields = model._meta.local_concrete_fields
        columns = ", ".join(self._quote(field.column) for field in fields)
        with self._connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM {self._quote(model._meta.db_table)}")
            rows = [tuple(self._mask(fields, row, known_keys)) for row in cursor.fetchall()]
        return sorted(rows, key=repr)

    def _mask(self, fields: Sequence[Any], row: Sequence[Any], known_keys: frozenset[int]) -> Iterator[Any]:
        for field, value in zip(fields, row, strict=True):
            is_key = field.primary_key or field.is_relation
            yield mask_key(value, known_keys) if is_key else mask_scalar(value)

    def _insert(self, cursor: Any, model: type[Any], rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        fields = [model._meta.get_field(name) for name in rows[0]]
        columns = ", ".join(self._quote(field.column) for field in fields)
        one = f"({', '.join(['%s'] * len(fields))})"
        values = [
            field.get_db_prep_save(value, self._connection)
            for row in rows
            for field, value in zip(fields, row.values(), strict=True)
        ]
        table = self._quote(model._meta.db_table)
        cursor.execute(f"INSERT INTO {table} ({columns}) VALUES {', '.join([one] * len(rows))}", values)

    def _quote(self, name: str) -> str:
        quoted: str = self._connection.ops.quote_name(name)
        return quoted


def _open_files(path: str) -> int:
    """How often this process has the file open, where the system tells."""
    links = Path("/proc/self/fd")
    found = (_target(link) for link in links.iterdir()) if links.exists() else ()
    return sum(target == os.path.realpath(path) for target in found)


def _target(link: Path) -> str:
    # The directory that is being read is among them, and gone by now.
    return os.path.realpath(link)

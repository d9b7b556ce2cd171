"""An independent connection: seeds the database, and sees what was really committed.

It is never handed out by Django's `connections`, so no code under test can reach it, and it speaks plain SQL, so no
defect of the ORM's methods can colour what it sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from conformance.checks.batches import Sent, allow_scripts, commit_all, read_all
from conformance.checks.plain import mask_key, mask_scalar

_SESSIONS = {
    "postgresql": "SELECT COUNT(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
    "mysql": "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()",
}
Snapshot = dict[str, list[tuple[Any, ...]]]
# A model with its rows, as dicts from column attribute to value.
Table = tuple[type[Any], list[dict[str, Any]]]


class _Columns:
    """How a model's rows are asked for, and which of their values are keys."""

    def __init__(self, model: type[Any], quote: Callable[[str], str]) -> None:
        fields = model._meta.local_concrete_fields
        columns = ", ".join(quote(field.column) for field in fields)
        self.select = f"SELECT {columns} FROM {quote(model._meta.db_table)}"
        self._keys = [field.primary_key or field.is_relation for field in fields]

    def masked(self, rows: Iterable[Sequence[Any]], known_keys: frozenset[int]) -> list[tuple[Any, ...]]:
        """In an order that follows from the rows alone."""
        return sorted((tuple(self._mask(row, known_keys)) for row in rows), key=repr)

    def _mask(self, row: Sequence[Any], known_keys: frozenset[int]) -> Iterator[Any]:
        for is_key, value in zip(self._keys, row, strict=True):
            yield mask_key(value, known_keys) if is_key else mask_scalar(value)


class Observer:
    """One connection of its own to the database of `alias`."""

    def __init__(self, alias: str, models: Sequence[type[Any]]) -> None:
        from django.db import connections

        self._connection = connections.create_connection(alias)
        allow_scripts(self._connection)
        # It may look while the check's own thread waits for a coroutine.
        self._connection.inc_thread_sharing()
        self._models = tuple(models)
        # Tables beside those, which the rows of now have: emptied with the others, and seen until then.
        self._more: tuple[type[Any], ...] = ()
        self._known_columns: dict[type[Any], _Columns] = {}

    @property
    def is_embedded(self) -> bool:
        """Whether the database is no server's."""
        return bool(self._connection.vendor == "sqlite")

    def replace_rows(self, rows: Iterable[Table], more: Sequence[Table] = ()) -> None:
        """Empty every table and fill it again, committed. Rows are dicts from column attribute to value.

        `more` are rows of other tables, which are seen until the next call.
        """
        self.replace_by(self.insertions(rows), more)

    def insertions(self, rows: Iterable[Table]) -> list[Sent]:
        """The statements that fill tables with these rows: for a caller that needs the same again."""
        return [self._insertion(model, values) for model, values in rows if values]

    def replace_by(self, insertions: Sequence[Sent], more: Sequence[Table] = ()) -> None:
        """`replace_rows`, by statements that were made before."""
        others = tuple(dict.fromkeys(model for model, _ in more if model not in self._models))
        emptied = (*self._models, *dict.fromkeys((*self._more, *others)))
        commit_all(self._connection, [*self._deletions(emptied), *insertions, *self.insertions(more)])
        self._more = others

    def continue_sequences(self) -> None:
        """Let sequences go on from the highest keys, also where rows with keys of their own do not move them."""
        from django.core.management.color import no_style

        with self._connection.cursor() as cursor:
            for statement in self._connection.ops.sequence_reset_sql(no_style(), (*self._models, *self._more)):
                cursor.execute(statement)

    def snapshot(self, known_keys: frozenset[int]) -> Snapshot:
        """What is committed now: for each table its rows, keys of new rows and clock readings masked."""
        models = (*self._models, *self._more)
        found = read_all(self._connection, [self._columns(model).select for model in models])
        return {
            model._meta.db_table: self._columns(model).masked(rows, known_keys)
            for model, rows in zip(models, found, strict=True)
        }

    def sessions(self) -> int:
        """Connections to the database besides this one, by what its server says; open files of an embedded one."""
        if self.is_embedded:
            return _open_files(str(self._connection.settings_dict["NAME"])) - 1
        with self._connection.cursor() as cursor:
            cursor.execute(_SESSIONS[self._connection.vendor])
            return int(cursor.fetchone()[0])

    def close(self) -> None:
        """Close the observer's own connection."""
        self._connection.close()

    def _deletions(self, models: Sequence[type[Any]]) -> Iterator[Sent]:
        """All rows, of the last table first."""
        for model in reversed(models):
            yield f"DELETE FROM {self._quote(model._meta.db_table)}", ()

    def _insertion(self, model: type[Any], rows: list[dict[str, Any]]) -> Sent:
        fields = [model._meta.get_field(name) for name in rows[0]]
        columns = ", ".join(self._quote(field.column) for field in fields)
        one = f"({', '.join(['%s'] * len(fields))})"
        values = [
            field.get_db_prep_save(value, self._connection)
            for row in rows
            for field, value in zip(fields, row.values(), strict=True)
        ]
        table = self._quote(model._meta.db_table)
        return f"INSERT INTO {table} ({columns}) VALUES {', '.join([one] * len(rows))}", values

    def _columns(self, model: type[Any]) -> _Columns:
        if model not in self._known_columns:
            self._known_columns[model] = _Columns(model, self._quote)
        return self._known_columns[model]

    def _quote(self, name: str) -> str:
        quoted: str = self._connection.ops.quote_name(name)
        return quoted


def _open_files(path: str) -> int:
    """How often this process has the file open, where the system tells."""
    links = Path("/proc/self/fd")
    file = Path(path).resolve()
    return sum(_target(link) == file for link in links.iterdir()) if links.exists() else 0


def _target(link: Path) -> Path | None:
    """None for the directory that is being read: it is among them, and gone by now."""
    try:
        return link.readlink()
    except FileNotFoundError:
        return None

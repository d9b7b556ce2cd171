"""An independent connection: seeds the database, and sees what was really committed.

It is never handed out by Django's `connections`, so no code under test can reach it, and it speaks plain SQL, so no
defect of the ORM's methods can colour what it sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from conformance.checks.plain import mask_key, mask_moment

Snapshot = dict[str, list[tuple[Any, ...]]]


class Observer:
    """One connection of its own to the database of `alias`."""

    def __init__(self, alias: str, models: Sequence[type[Any]]) -> None:
        from django.db import connections

        self._connection = connections.create_connection(alias)
        self._models = tuple(models)

    def replace_rows(self, rows: Iterable[tuple[type[Any], list[dict[str, Any]]]]) -> None:
        """Empty every table and fill it again, committed. Rows are dicts from column attribute to value."""
        connection = self._connection
        connection.ensure_connection()
        connection.set_autocommit(False)
        try:
            with connection.cursor() as cursor:
                for model in reversed(self._models):
                    cursor.execute(f"DELETE FROM {self._quote(model._meta.db_table)}")
                for model, values in rows:
                    self._insert(cursor, model, values)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            connection.set_autocommit(True)

    def snapshot(self, known_keys: frozenset[int]) -> Snapshot:
        """What is committed now: for each table its rows, keys of new rows and clock readings masked."""
        return {model._meta.db_table: self._rows(model, known_keys) for model in self._models}

    def close(self) -> None:
        self._connection.close()

    def _rows(self, model: type[Any], known_keys: frozenset[int]) -> list[tuple[Any, ...]]:
        fields = model._meta.concrete_fields
        columns = ", ".join(self._quote(field.column) for field in fields)
        with self._connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM {self._quote(model._meta.db_table)}")
            rows = [tuple(self._mask(fields, row, known_keys)) for row in cursor.fetchall()]
        return sorted(rows, key=repr)

    def _mask(self, fields: Sequence[Any], row: Sequence[Any], known_keys: frozenset[int]) -> Iterator[Any]:
        for field, value in zip(fields, row, strict=True):
            is_key = field.primary_key or field.is_relation
            yield mask_key(value, known_keys) if is_key else mask_moment(value)

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

"""Tables in memory: what a database checks, computes and deletes by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance.checks.model_features.kinds import KINDS, Kind, Reference, Row
from conformance.checks.reference.dialect import Dialect
from conformance.checks.reference.outcomes import Raises
from conformance.strategies.rows import LAST_KEY

Key = tuple[Any, ...]
# Given in the place of a value: the column's own default.
DEFAULT = object()


@dataclass
class Store:
    """`tables` by the model's name; `dialect` and `version` are those of the database and of Django.

    `returning` says whether the database says to an update what it has computed.
    """

    tables: dict[str, list[Row]]
    dialect: Dialect
    version: tuple[int, int]
    returning: bool
    # What an instance or a queryset is in a condition.
    asked: Callable[[Store, Any], Any]

    def key(self, kind: Kind, row: Row) -> Key:
        """The values of the key."""
        return tuple(row[name] for name in kind.key)

    def find(self, kind: Kind, key: Key) -> Row | None:
        """The row of that key."""
        return next((row for row in self.tables[kind.name] if self.key(kind, row) == key), None)

    def insert(self, kind: Kind, values: Row) -> Row:
        """The new row, with what the database adds. Raises `Raises` (IntegrityError) if it may not be there."""
        row = {name: _stored(kind, name) if values[name] is DEFAULT else values[name] for name in _given(kind)}
        if kind.key == ("id",) and row["id"] is None:
            row["id"] = LAST_KEY + 1 + len(self.tables[kind.name])
        row = self.whole(kind, row)
        self.check(kind, row)
        if self.taken(kind, row) is not None:
            raise Raises("IntegrityError")
        self.tables[kind.name].append(row)
        return row

    def change(self, kind: Kind, row: Row, values: Row) -> None:
        """Other values in a row. Raises `Raises` (IntegrityError) if they may not be there."""
        values = {name: _stored(kind, name) if value is DEFAULT else value for name, value in values.items()}
        changed = self.whole(kind, {**row, **values})
        self.check(kind, changed)
        if any(other is not row and self._alike(kind, other, changed) for other in self.tables[kind.name]):
            raise Raises("IntegrityError")
        row.update(changed)

    def whole(self, kind: Kind, row: Row) -> Row:
        """With the computed columns, in the order of the fields."""
        computed = {} if _is_null(kind, row) else {each.name: each.value(row) for each in kind.computed}
        return {name: {**row, **computed}.get(name) for name in kind.fields}

    def check(self, kind: Kind, row: Row) -> None:
        """Raises `Raises` for what a column refuses: NULL, and a reference to nothing."""
        if _is_null(kind, row):
            raise Raises("IntegrityError")
        for reference in kind.refers:
            values = tuple(row[name] for name in reference.here)
            if len(values) == 1 and None not in values and not self._exists(reference, values):
                raise Raises("IntegrityError")

    def taken(self, kind: Kind, row: Row) -> Row | None:
        """The row that has the key or a unique value of this one."""
        return next((each for each in self.tables[kind.name] if self._alike(kind, each, row)), None)

    def related(self, kind: Kind, row: Row, name: str) -> tuple[Kind, list[Row]] | None:
        """The rows that a relation leads to from this one, of whichever side; None for a name of no relation."""
        reference = kind.reference(name)
        if reference is not None:
            return KINDS[reference.model], self._equal(reference.model, reference.there, row, reference.here)
        for other, reference in pointing_to(kind):
            if reference.back == name:
                return other, self._equal(other.name, reference.here, row, reference.there)
        return None

    def delete(self, kind: Kind, rows: list[Row]) -> dict[str, int]:
        """How many rows go, by label: those that Django deletes, not those that the database does."""
        counts: dict[str, int] = {}
        self._delete(kind, list(rows), counts)
        return {label: count for label, count in counts.items() if count}

    def _delete(self, kind: Kind, rows: list[Row], counts: dict[str, int]) -> None:
        told = counts if rows else {}
        for other, reference in pointing_to(kind):
            found = [each for row in rows for each in self._equal(other.name, reference.here, row, reference.there)]
            if reference.then == "cascade":
                self._delete(other, found, {} if reference.by_database else told)
            else:
                value = None if reference.then == "null" else _stored(other, reference.here[0])
                for each in found:
                    each[reference.here[0]] = value
        before = len(self.tables[kind.name])
        self.tables[kind.name] = [row for row in self.tables[kind.name] if all(row is not each for each in rows)]
        told[kind.label] = told.get(kind.label, 0) + before - len(self.tables[kind.name])

    def _equal(self, model: str, there: Key, row: Row, here: Key) -> list[Row]:
        wanted = [row[name] for name in here]
        return [
            each
            for each in self.tables.get(model, ())
            if None not in wanted and [each[name] for name in there] == wanted
        ]

    def _exists(self, reference: Reference, values: Key) -> bool:
        found = self.tables[reference.model]
        return any(tuple(each[name] for name in reference.there) == values for each in found)

    def _alike(self, kind: Kind, one: Row, other: Row) -> bool:
        return self.key(kind, one) == self.key(kind, other) or any(one[name] == other[name] for name in kind.unique)


def pointing_to(kind: Kind) -> list[tuple[Kind, Reference]]:
    """The models that refer to this one, with the reference."""
    return [(other, each) for other in KINDS.values() for each in other.refers if each.model == kind.name]


def _given(kind: Kind) -> list[str]:
    computed = {each.name for each in kind.computed}
    return [name for name in kind.fields if name not in computed]


def _stored(kind: Kind, name: str) -> Any:
    return dict(kind.stored)[name]


def _is_null(kind: Kind, row: Row) -> bool:
    return any(row[name] is None and name not in kind.nullable for name in _given(kind))

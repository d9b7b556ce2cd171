"""What differs from database to database in how values are compared."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import total_ordering
from typing import Any

from conformance.checks.reference.outcomes import Unmodelled

_INTEGERS = range(-(2**31), 2**31)


@total_ordering
@dataclass(frozen=True)
class SortKey:
    """A value in an ordering, NULL at the end where the database has it."""

    value: Any
    nulls_last: bool
    as_text: Callable[[str], Any]

    def __lt__(self, other: SortKey) -> bool:
        if self.value is None or other.value is None:
            return (self.value is None) != (other.value is None) and (self.value is None) != self.nulls_last
        if isinstance(self.value, str):
            return bool(self.as_text(self.value) < self.as_text(other.value))
        return bool(self.value < other.value)


@dataclass(frozen=True)
class Dialect:
    """`vendor` is Django's name of the database."""

    vendor: str

    @property
    def below_zero(self) -> str:
        """What is raised for a negative number where none may be: a type of its own there, a constraint elsewhere."""
        return "DataError" if self.vendor == "mysql" else "IntegrityError"

    def key(self, value: Any) -> SortKey:
        """The value to sort by."""
        return SortKey(value, self.vendor == "postgresql", self.text)

    def text(self, value: str) -> Any:
        """A text to compare by order. Raises `Unmodelled` where a collation decides."""
        if self.vendor == "postgresql" and not re.fullmatch("[a-z]*", value):
            raise Unmodelled("PostgreSQL's collation decides")
        return self.equal(value)

    def equal(self, value: Any) -> Any:
        """A value to compare for equality. Raises `Unmodelled` for texts whose trailing blanks do not count."""
        if self.vendor == "mysql" and isinstance(value, str) and value.endswith(" "):
            raise Unmodelled("trailing blanks do not count")
        return value

    def folded(self, value: str) -> str:
        """A text to compare without case. Raises `Unmodelled` where a collation decides."""
        if self.vendor == "sqlite":
            return re.sub("[A-Z]+", lambda found: found[0].lower(), value)
        if self.vendor == "mysql" or not value.isascii():
            raise Unmodelled("the collation decides")
        return value.lower()

    def like(self, value: str) -> str:
        """A text that `LIKE` compares: SQLite has no case there."""
        return self.folded(value) if self.vendor == "sqlite" else value

    def upper(self, value: str) -> str:
        """Raises `Unmodelled` for letters that databases turn in different ways."""
        if not value.isascii():
            raise Unmodelled("letters that are not ASCII")
        return value.upper()

    def lower(self, value: str) -> str:
        """The same the other way."""
        if not value.isascii():
            raise Unmodelled("letters that are not ASCII")
        return value.lower()

    def integer(self, value: Any) -> Any:
        """The result of arithmetic. Raises `Unmodelled` beyond a column's range, where databases differ."""
        if isinstance(value, int) and value not in _INTEGERS and self.vendor != "sqlite":
            raise Unmodelled("beyond the range of an integer")
        return value

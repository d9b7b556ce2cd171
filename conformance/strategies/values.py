"""Scalars that every database stores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import strategies as st

T = TypeVar("T")
# Before the year 2026, so that a value that the code under test made from the clock can be told from a generated one.
LAST_GENERATED_YEAR = 2025
# Drawn from a few, because equal moments matter (they tie in an ordering) and arbitrary ones are slow to draw.
MOMENTS = tuple(
    datetime(year, month, 1, hour, 0, 0, micro, tzinfo=timezone.utc)
    for year in (2000, LAST_GENERATED_YEAR)
    for month, hour in ((1, 0), (3, 2), (12, 23))
    for micro in (0, 1, 999_999)
)
# The first of each pool is what an example shrinks to; ends of ranges are among the others.
DECIMALS = (None, Decimal(0), Decimal("0.1"), Decimal("-1.500000"), Decimal("12345678.654321"))
JSONS: tuple[Any, ...] = (
    None,
    {},
    [],
    {"a": 1},
    {"a": None, "b": 1},
    {"a": {"b": [None, True, "é"]}},
    [1, 2.5],
    "text",
    0,
    True,
)
UUIDS = tuple(UUID(int=number) for number in (0, 1, 2**127, 2**128 - 1))
DAYS = (None, date(2000, 1, 1), date(1900, 12, 31), date(2024, 2, 29))
TIMES = (None, time(0, 0), time(23, 59, 59, 999_999), time(12, 30))
DURATIONS = (None, timedelta(0), timedelta(microseconds=1), timedelta(days=-1, seconds=1), timedelta(days=36_500))
BINARIES = (None, b"", b"\x00\xff", b"a" * 300)
BIGS = (0, 1, -(2**63), 2**63 - 1)
SMALLS = (0, 1, -(2**15), 2**15 - 1)
REALS = (None, 0.0, 0.1, -1.5, 1e300)
FLAGS = (None, False, True)


class Digits:
    """Small values out of one drawn number: a digit for each, because every draw costs."""

    def __init__(self, number: int) -> None:
        self._number = number

    def below(self, base: int) -> int:
        """The next digit."""
        self._number, digit = divmod(self._number, base)
        return digit

    def of(self, pool: Sequence[T]) -> T:
        """The value of a pool that the next digit chooses."""
        return pool[self.below(len(pool))]

    def subset(self, size: int) -> tuple[int, ...]:
        """Some of the positions from 0 to `size` - 1."""
        bits = self.below(2**size)
        return tuple(position for position in range(size) if bits >> position & 1)


def small_integers() -> st.SearchStrategy[int]:
    """Few values, so that equal ones are common, and the ends of the column's range."""
    return st.integers(-3, 6) | st.sampled_from([-(2**31), 2**31 - 1])

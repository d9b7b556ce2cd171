"""Scalars that every database stores."""

from __future__ import annotations

from datetime import datetime, timezone

from hypothesis import strategies as st

# Before the year 2026, so that a value that the code under test made from the clock can be told from a generated one.
LAST_GENERATED_YEAR = 2025
# Drawn from a few, because equal moments matter (they tie in an ordering) and arbitrary ones are slow to draw.
MOMENTS = tuple(
    datetime(year, month, 1, hour, 0, 0, micro, tzinfo=timezone.utc)
    for year in (2000, LAST_GENERATED_YEAR)
    for month, hour in ((1, 0), (3, 2), (12, 23))
    for micro in (0, 1, 999_999)
)


def small_integers() -> st.SearchStrategy[int]:
    """Few values, so that equal ones are common, and the ends of the column's range."""
    return st.integers(-3, 6) | st.sampled_from([-(2**31), 2**31 - 1])

"""How often something is drawn."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


def mostly(usual: st.SearchStrategy[T], other: st.SearchStrategy[T], times: int = 3) -> st.SearchStrategy[T]:
    """So many times as often the usual as the other one, which must not be a choice of several itself.

    Hypothesis takes equal strategies for one, however often it is given them.
    """
    return st.one_of(usual, *(usual.map(_itself) for _ in range(times - 1)), other)


def _itself(value: T) -> T:
    return value

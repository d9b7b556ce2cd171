"""Querysets over posts, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

from hypothesis import strategies as st

from conformance.strategies.rows import SHORT_TEXTS
from conformance.strategies.values import small_integers


@dataclass(frozen=True)
class QuerysetPlan:
    """A filter as (lookup, value) pairs, and an ordering; None leaves the model's own.

    An ordering always ends in the key: without it the database may answer the same question in two orders.
    """

    filters: tuple[tuple[str, Any], ...]
    ordering: tuple[str, ...] | None


_FILTERS = st.one_of(
    st.tuples(st.just("published"), st.booleans()),
    st.tuples(st.sampled_from(["views", "views__gte", "views__lt"]), small_integers()),
    st.tuples(st.sampled_from(["title", "title__contains"]), SHORT_TEXTS),
    st.tuples(st.just("author__isnull"), st.booleans()),
    st.tuples(st.just("comments__isnull"), st.just(True)),
)
_FIELDS = ("title", "views", "published", "created_at")


def _signed(name: str) -> tuple[str, str]:
    return name, f"-{name}"


# Every ordering by at most two fields, each way, and then by the key.
_ORDERINGS: tuple[tuple[str, ...] | None, ...] = (
    None,
    *((key,) for key in _signed("pk")),
    *((field, key) for name in _FIELDS for field in _signed(name) for key in _signed("pk")),
    *(
        (first, second, key)
        for one, other in permutations(_FIELDS, 2)
        for first in _signed(one)
        for second in _signed(other)
        for key in _signed("pk")
    ),
)


def queries(most_filters: int = 2) -> st.SearchStrategy[QuerysetPlan]:
    """Any filter with any total ordering."""
    filters = st.lists(_FILTERS, max_size=most_filters, unique_by=lambda pair: pair[0]).map(tuple)
    return st.builds(QuerysetPlan, filters=filters, ordering=st.sampled_from(_ORDERINGS))

"""Querysets over posts, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.strategies.rows import texts
from conformance.strategies.values import small_integers


@dataclass(frozen=True)
class Query:
    """A filter as (lookup, value) pairs, and an ordering; None leaves the model's own.

    An ordering always ends in the key: without it the database may answer the same question in two orders.
    """

    filters: tuple[tuple[str, Any], ...]
    ordering: tuple[str, ...] | None


def _filters() -> st.SearchStrategy[tuple[tuple[str, Any], ...]]:
    one = st.one_of(
        st.tuples(st.just("published"), st.booleans()),
        st.tuples(st.sampled_from(["views", "views__gte", "views__lt"]), small_integers()),
        st.tuples(st.sampled_from(["title", "title__contains"]), texts(max_size=2)),
        st.tuples(st.just("author__isnull"), st.booleans()),
        st.tuples(st.just("comments__isnull"), st.just(True)),
    )
    return st.lists(one, max_size=2, unique_by=lambda pair: pair[0]).map(tuple)


def _orderings() -> st.SearchStrategy[tuple[str, ...] | None]:
    field = st.sampled_from(["title", "-title", "views", "-views", "published", "created_at", "-created_at"])
    chosen = st.lists(field, max_size=2, unique_by=lambda name: name.lstrip("-"))
    key = st.sampled_from(["pk", "-pk"])
    return st.none() | st.tuples(chosen, key).map(lambda pair: (*pair[0], pair[1]))


def queries() -> st.SearchStrategy[Query]:
    """Any filter with any total ordering."""
    return st.builds(Query, filters=_filters(), ordering=_orderings())

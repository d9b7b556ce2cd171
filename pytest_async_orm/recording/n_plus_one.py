"""Queries that a loop repeats, the line of the loop, and what would avoid it."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_async_orm.recording.batches import is_batch, is_page
from pytest_async_orm.recording.loops import loop_around
from pytest_async_orm.recording.remedies import remedy_for
from pytest_async_orm.records import NPlusOne, Query


def find(queries: Iterable[Query], threshold: int) -> list[NPlusOne]:
    """The reads that one way through the user's code sent by more than `threshold` calls, oldest first."""
    groups: dict[tuple[object, ...], list[Query]] = {}
    for query in queries:
        if query.kind == "read" and not is_page(query):
            groups.setdefault(_key(query), []).append(query)
    found = [group for group in groups.values() if _calls(group) > threshold and not is_batch(group)]
    return [_described(group) for group in found]


def _key(query: Query) -> tuple[object, ...]:
    """What a loop repeats has one way through the user's code; on it a line that recurs, by recursion, counts once."""
    return query.alias, query.fingerprint, tuple(dict.fromkeys(query.stack))


def _calls(group: list[Query]) -> int:
    """Statements that one call of Django's sent in batches are one."""
    return sum(not query.call for query in group) + len({query.call for query in group if query.call})


def _described(group: list[Query]) -> NPlusOne:
    first = group[0]
    return NPlusOne(
        first.fingerprint,
        first.call_site,
        _calls(group),
        loop_around(first.stack, first.columns),
        remedy_for(first),
        tuple(group),
    )

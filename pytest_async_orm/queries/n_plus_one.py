"""Queries that a loop repeats, the line of the loop, and what would mend it."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_async_orm.queries.fingerprints import takes_several
from pytest_async_orm.queries.loops import loop_around
from pytest_async_orm.queries.mends import mend_for
from pytest_async_orm.records import NPlusOne, Query


def find(queries: Iterable[Query], threshold: int) -> list[NPlusOne]:
    groups: dict[tuple[str, str, str], list[Query]] = {}
    for query in queries:
        if query.kind == "read" and not takes_several(query.sql):
            groups.setdefault((query.alias, query.fingerprint, query.call_site), []).append(query)
    return [_described(group) for group in groups.values() if _calls(group) > threshold]


def _calls(group: list[Query]) -> int:
    """Statements that one call of Django's sent in batches are one."""
    return sum(not query.call for query in group) + len({query.call for query in group if query.call})


def _described(group: list[Query]) -> NPlusOne:
    first = group[0]
    return NPlusOne(
        first.fingerprint, first.call_site, _calls(group), loop_around(group), mend_for(first), tuple(group)
    )

"""Loops that are no N+1: they ask for many rows at a time, by a list of keys or page by page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

from pytest_async_orm.recording.fingerprints import without_literals
from pytest_async_orm.records import Query

_PLACEHOLDER = re.compile(r"%s")
_IN_SEVERAL = re.compile(r"(?i)\bIN \(([^()]*,[^()]*)\)")
_LIMIT = re.compile(r"(?i)\bLIMIT (\d+)")
_AFTER = re.compile(r"(?i)(?:[<>] \?|\bOFFSET \?)")


def is_page(query: Query) -> bool:
    """Whether a query asks for a page of many: several rows behind an offset, or behind the last page's key."""
    limit = _LIMIT.search(query.sql)
    return limit is not None and int(limit[1]) > 1 and _has_start(query.sql)


@lru_cache(maxsize=8192)
def _has_start(sql: str) -> bool:
    return bool(_AFTER.search(without_literals(sql)))


def is_batch(queries: Sequence[Query]) -> bool:
    """Whether equal queries differ in a list of several values: each takes another part of the whole."""
    return len({tuple(_lists(query)) for query in queries}) > 1


def _lists(query: Query) -> Iterator[str]:
    """The values of each list of several."""
    values = query.params if isinstance(query.params, (list, tuple)) else ()
    for found in _IN_SEVERAL.finditer(query.sql):
        inside = len(_PLACEHOLDER.findall(found[1]))
        before = len(_PLACEHOLDER.findall(query.sql, 0, found.start()))
        yield found[1] if not inside else repr(list(islice(values, before, before + inside)))


def asks_the_same(queries: Sequence[Query]) -> bool:
    """Whether all have equal parameters."""
    return len({(query.sql, repr(query.params)) for query in queries}) == 1

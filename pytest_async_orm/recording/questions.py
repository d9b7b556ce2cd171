"""What a repeated read asks for, by its fingerprint."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_async_orm.recording.batches import asks_the_same
from pytest_async_orm.records import Query

Kind = Literal["rows", "count", "exists", "aggregate", "first", "index"]

_NAME = r"[\"`]?(\w+)[\"`]?"
_CONDITION = re.compile(rf"(?i)(?:\bWHERE|\bAND) \(*{_NAME}\.{_NAME} (?:= \?|IN \(\?, \.\.\.\)|IN \(\?\))")
_PARAMETER = re.compile(rf"{_NAME}\.{_NAME} (?:= %s|IN \(%s\))")
_FROM = re.compile(rf"(?i)\bFROM {_NAME}")
_WHERE = re.compile(r"(?i)\bWHERE (.*?)(?: ORDER BY | LIMIT | GROUP BY |$)")
_AND = re.compile(r"(?i)\bAND\b|\bOR\b")
_AGGREGATE = re.compile(rf"(?i)^SELECT (\w+)\((?:DISTINCT )?(?:{_NAME}\.)?{_NAME}\)")
_LIMIT = re.compile(r"(?i)\bLIMIT (\d+)")
# Django's own of `get()`.
_OF_GET = 21


@dataclass(frozen=True)
class Question:
    """A read, taken apart."""

    kind: Kind
    table: str
    conditions: tuple[tuple[str, str], ...]
    """Table and column of each equality whose value differs from turn to turn; of all, if none does."""
    terms: int
    """How many conditions there are at all."""
    function: str = ""
    """Of an aggregate: its function, such as `MAX`, and the column."""
    column: str = ""


def question_of(group: Sequence[Query]) -> Question | None:
    """What equal queries ask for; None for what is no read of a table."""
    query = group[0]
    shape = query.fingerprint
    table = _FROM.search(shape)
    if table is None:
        return None
    where = _WHERE.search(shape)
    terms = 0 if where is None else 1 + len(_AND.findall(where[1]))
    every = tuple((found[1], found[2]) for found in _CONDITION.finditer(shape))
    conditions = every if asks_the_same(group) else tuple(_varying(group))
    aggregate = _AGGREGATE.search(shape)
    kind = _kind(query, aggregate is not None)
    if aggregate is None or kind != "aggregate":
        return Question(kind, table[1], conditions, terms)
    return Question(kind, table[1], conditions, terms, aggregate[1].upper(), aggregate[3])


def _varying(group: Sequence[Query]) -> Iterator[tuple[str, str]]:
    """The conditions whose parameter is not the same in all queries."""
    sql = group[0].sql
    for found in _PARAMETER.finditer(sql):
        place = sql.count("%s", 0, found.end()) - 1
        given = [query.params for query in group if isinstance(query.params, (list, tuple))]
        if len({repr(values[place]) for values in given if place < len(values)}) > 1:
            yield found[1], found[2]


def _kind(query: Query, is_aggregate: bool) -> Kind:
    shape = query.fingerprint.upper()
    if shape.startswith("SELECT COUNT(*)"):
        return "count"
    if shape.startswith(("SELECT ? AS ", "SELECT 1 AS ", "SELECT (?) AS ")):
        return "exists"
    if is_aggregate:
        return "aggregate"
    limit = _LIMIT.search(query.sql)
    if limit is None or int(limit[1]) == _OF_GET:
        return "rows"
    return "index" if " OFFSET " in shape or " WHERE " not in shape else "first"

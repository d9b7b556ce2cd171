"""Statements that are sent besides, not sent, or sent in another way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from conformance.defects.calls import Call, around, surrounded
from conformance.defects.facts import Facts
from conformance.defects.generators.registry import Defect, generator
from conformance.defects.orm import in_transaction, on_orm_thread, query, reading, without_transactions
from conformance.defects.places import Place


@generator
def query_extra(place: Place, facts: Facts) -> Iterator[Defect]:
    """One more query than the twin sends, before or after."""

    @asynccontextmanager
    async def before(_: Call) -> AsyncIterator[None]:
        await on_orm_thread(query)
        yield

    @asynccontextmanager
    async def after(_: Call) -> AsyncIterator[None]:
        yield
        await on_orm_thread(query)

    yield Defect("statements", surrounded(before), "before")
    yield Defect("statements", surrounded(after), "after")


@generator
def query_repeated(place: Place, facts: Facts) -> Iterator[Defect]:
    """It asks twice."""

    async def instead(call: Call) -> Any:
        await call.result()
        return await call.result()

    # What was iterated over is kept, as a session's data are, so that asking twice is asking once.
    if facts.reads and place.in_orm and place.twin != "__iter__":
        yield Defect("statements", around(instead))


@generator
def query_missing(place: Place, facts: Facts) -> Iterator[Defect]:
    """It gives what it gave before, and asks nothing."""
    if facts.statements > 0:
        yield Defect("statements", around(_remembering()))


def _remembering() -> Callable[[Call], Any]:
    given: list[Any] = []

    async def instead(call: Call) -> Any:
        if not given:
            given.append(await call.result())
        return given[0]

    return instead


@generator
def query_other(place: Place, facts: Facts) -> Iterator[Defect]:
    """The right answer by another query: all rows are loaded, to count them or to take one."""
    other = _OTHERS.get(place.twin)
    if other is not None and place.on_queryset:
        yield Defect("statements", around(_by(other)))


def _by(other: Callable[[Any], Any]) -> Callable[[Call], Any]:
    async def instead(call: Call) -> Any:
        return await on_orm_thread(lambda: other(call.target._chain()))

    return instead


_OTHERS: dict[str, Callable[[Any], Any]] = {
    "count": lambda queryset: len(list(queryset)),
    "exists": lambda queryset: bool(list(queryset)),
    "first": lambda queryset: next(iter(list(queryset)), None),
    "last": lambda queryset: next(iter(list(queryset)[::-1]), None),
    "__iter__": lambda queryset: queryset.exists() and list(queryset),
    "iterator": lambda queryset: queryset.exists() and list(queryset),
}


@generator
def rows_read(place: Place, facts: Facts) -> Iterator[Defect]:
    """Rows that are to be read in chunks are read all at once, or another number at a time."""
    if facts.read_in_chunks:
        yield Defect("statements", surrounded(lambda _: reading(chunked_fetch=False)), "at-once")
        yield Defect("statements", surrounded(lambda _: reading(chunk_size=77)), "in-other-chunks")


@generator
def transaction_added(place: Place, facts: Facts) -> Iterator[Defect]:
    """It runs in a transaction of its own that the twin does not open."""
    if facts.autocommit:
        yield Defect("statements", surrounded(lambda _: in_transaction()))


@generator
def transaction_missing(place: Place, facts: Facts) -> Iterator[Defect]:
    """The transaction that the twin opens is not opened."""
    if facts.atomic:
        yield Defect("statements", surrounded(lambda _: without_transactions()))

"""Cancelled calls that go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from conformance.defects.calls import Call, around
from conformance.defects.facts import Facts
from conformance.defects.generators.registry import Defect, generator
from conformance.defects.orm import begin, on_orm_thread, unusable, write
from conformance.defects.places import Place


@generator
def cancellation_swallowed(place: Place, facts: Facts) -> Iterator[Defect]:
    """A cancelled call gives something, or raises something else."""

    async def nothing() -> None: ...

    async def other() -> None:
        raise RuntimeError("it was interrupted")

    yield from _defects(facts, nothing, "nothing-raised")
    yield from _defects(facts, other, "other-exception")


@generator
def cancelled_half(place: Place, facts: Facts) -> Iterator[Defect]:
    """A cancelled call has done a part of its work, or something else."""

    async def half() -> None:
        await on_orm_thread(write)
        raise asyncio.CancelledError

    yield from _defects(facts, half)


@generator
def cancelled_connection_spoilt(place: Place, facts: Facts) -> Iterator[Defect]:
    """A cancelled call leaves a transaction open, or a connection that refuses the next query."""

    async def open_transaction() -> None:
        await on_orm_thread(begin)
        raise asyncio.CancelledError

    async def broken() -> None:
        await on_orm_thread(unusable)
        raise asyncio.CancelledError

    yield from _defects(facts, open_transaction, "in-transaction")
    yield from _defects(facts, broken, "unusable")


def _defects(facts: Facts, instead: Callable[[], Any], variant: str = "") -> Iterator[Defect]:
    async def cancellable(call: Call) -> Any:
        try:
            return await call.result()
        except asyncio.CancelledError:
            found = await instead()
            return [] if call.place.iterates else found

    if facts.statements > 0:
        yield Defect("cancelled", around(cancellable), variant)

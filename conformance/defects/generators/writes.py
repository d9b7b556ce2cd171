"""Writes that are lost, doubled, halved or late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from conformance.defects.calls import Call, around, surrounded
from conformance.defects.facts import Facts
from conformance.defects.generators.registry import Defect, generator
from conformance.defects.orm import dropping_writes, in_transaction, on_orm_thread, write
from conformance.defects.places import Place


@generator
def write_lost(place: Place, facts: Facts) -> Iterator[Defect]:
    """It answers as if it had written, and nothing is committed."""

    async def nothing(_: Call) -> Any: ...

    if facts.writes > 0:
        yield Defect("committed", surrounded(lambda _: in_transaction(rolled_back=True)), "rolled-back")
        yield Defect("committed", around(nothing), "skipped")


@generator
def write_doubled(place: Place, facts: Facts) -> Iterator[Defect]:
    """It writes twice."""

    async def instead(call: Call) -> Any:
        found = await call.result()
        with suppress(Exception):
            await call.result()
        return found

    # What was deleted has no key: to delete it again is refused before any statement. A session that was written says
    # nothing to the database the second time.
    if facts.writes > 0 and place.in_orm and not (place.on_instance and place.twin == "delete"):
        yield Defect("statements", around(instead))


@generator
def write_half(place: Place, facts: Facts) -> Iterator[Defect]:
    """Of several statements that write, only the first is sent; or all but the first."""
    if facts.writes > 1:
        yield Defect("committed", surrounded(lambda _: dropping_writes(first=False)), "first-only")
        yield Defect("committed", surrounded(lambda _: dropping_writes(first=True)), "without-first")


@generator
def write_surplus(place: Place, facts: Facts) -> Iterator[Defect]:
    """It writes something besides."""

    @asynccontextmanager
    async def block(_: Call) -> AsyncIterator[None]:
        yield
        await on_orm_thread(write)

    yield Defect("committed", surrounded(block))


@generator
def commits_late(place: Place, facts: Facts) -> Iterator[Defect]:
    """It returns before it has done its work."""

    async def instead(call: Call) -> Any:
        _KEPT.append(asyncio.ensure_future(call.result()))

    if facts.writes > 0:
        yield Defect("leftovers", around(instead))


_KEPT: list[Any] = []

"""What a call leaves behind: tasks, coroutines, warnings, connections, transactions."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from conformance.defects.calls import Call, surrounded
from conformance.defects.facts import Facts
from conformance.defects.generators.registry import Defect, generator
from conformance.defects.orm import begin, on_orm_thread
from conformance.defects.places import Place

_KEPT: list[Any] = []
Leaving = Callable[[], Any]


@generator
def task_left(place: Place, facts: Facts) -> Iterator[Defect]:
    """A task goes on after the call."""
    yield _leaving(lambda: _KEPT.append(asyncio.ensure_future(asyncio.Event().wait())))


@generator
def coroutine_not_awaited(place: Place, facts: Facts) -> Iterator[Defect]:
    """A coroutine is made and never awaited."""
    yield _leaving(lambda: [asyncio.Event().wait()].clear())


@generator
def warning_given(place: Place, facts: Facts) -> Iterator[Defect]:
    """It warns where its twin does not."""
    yield _leaving(lambda: warnings.warn("surplus", DeprecationWarning, stacklevel=2), "deprecation")
    yield _leaving(lambda: warnings.warn("unclosed", ResourceWarning, stacklevel=2), "resource")


@generator
def warning_lost(place: Place, facts: Facts) -> Iterator[Defect]:
    """It does not warn where its twin does."""

    @asynccontextmanager
    async def silently(_: Call) -> AsyncIterator[None]:
        with warnings.catch_warnings(record=True):
            yield

    if facts.warns:
        yield Defect("leftovers", surrounded(silently))


@generator
def error_not_raised(place: Place, facts: Facts) -> Iterator[Defect]:
    """An exception is raised where nobody can catch it: as an object is collected."""
    yield _leaving(lambda: [_Failing()].clear())


@generator
def receiver_left(place: Place, facts: Facts) -> Iterator[Defect]:
    """A receiver of a signal stays connected."""
    yield _leaving(_listen)


@generator
def connection_left(place: Place, facts: Facts) -> Iterator[Defect]:
    """A connection is opened, and nobody closes it."""
    yield _leaving(_open_elsewhere)


@generator
def transaction_left(place: Place, facts: Facts) -> Iterator[Defect]:
    """A transaction stays open on the thread that the next call uses."""

    @asynccontextmanager
    async def block(_: Call) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await on_orm_thread(begin)

    yield Defect("leftovers", surrounded(block))


@generator
def cursor_left(place: Place, facts: Facts) -> Iterator[Defect]:
    """A cursor stays open on the server, and the connection keeps it."""

    @asynccontextmanager
    async def block(_: Call) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await on_orm_thread(_declare_cursor)

    if "postgresql" in facts.vendor:
        yield Defect("leftovers", surrounded(block))


def _declare_cursor() -> None:
    from django.db import connection

    connection.ensure_connection()
    _KEPT.append(f"surplus_{len(_KEPT)}")
    with connection.connection.cursor() as cursor:
        cursor.execute(f"DECLARE {_KEPT[-1]} CURSOR WITH HOLD FOR SELECT 1")


def _leaving(leave: Leaving, variant: str = "") -> Defect:
    @asynccontextmanager
    async def block(_: Call) -> AsyncIterator[None]:
        try:
            yield
        finally:
            leave()

    return Defect("leftovers", surrounded(block), variant)


def _listen() -> None:
    from django.core.signals import got_request_exception

    def receiver(**_: object) -> None:
        """Nothing."""

    got_request_exception.connect(receiver, weak=False)


def _open_elsewhere() -> None:
    thread = threading.Thread(target=_open)
    thread.start()
    thread.join()


def _open() -> None:
    from django.db import connection

    connection.ensure_connection()
    _KEPT.append(connections_of_this_thread())


def connections_of_this_thread() -> list[Any]:
    """They would be collected with their thread."""
    from django.db import connections

    return list(connections.all(initialized_only=True))


class _Failing:
    """Raises as it is collected."""

    def __del__(self) -> None:
        raise RuntimeError("surplus")

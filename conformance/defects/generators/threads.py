"""Work on the wrong thread, a loop that is blocked, a context that does not travel."""

from __future__ import annotations

import asyncio
import contextvars
import os
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from conformance.defects.calls import Call, around, surrounded
from conformance.defects.facts import Facts
from conformance.defects.generators.registry import Defect, generator
from conformance.defects.places import Place

_UNSAFE = "DJANGO_ALLOW_ASYNC_UNSAFE"


@generator
def on_loop_thread(place: Place, facts: Facts) -> Iterator[Defect]:
    """The synchronous twin runs on the event loop's thread: with Django's guard off, or refused by it."""

    async def unguarded(call: Call) -> Any:
        before = os.environ.get(_UNSAFE)
        os.environ[_UNSAFE] = "true"
        try:
            return _twin(call)
        finally:
            os.environ.pop(_UNSAFE) if before is None else os.environ.update({_UNSAFE: before})

    async def guarded(call: Call) -> Any:
        return _twin(call)

    if facts.statements > 0:
        yield Defect("loop", around(unguarded), "unguarded")
        yield Defect("result", around(guarded), "guarded")


@generator
def on_other_thread(place: Place, facts: Facts) -> Iterator[Defect]:
    """The synchronous twin runs on some thread: on another connection, outside of the caller's transaction."""

    async def instead(call: Call) -> Any:
        from asgiref.sync import sync_to_async

        return await sync_to_async(_twin, thread_sensitive=False)(call)

    if facts.statements > 0:
        yield Defect("threads", around(instead))


@generator
def loop_blocked(place: Place, facts: Facts) -> Iterator[Defect]:
    """The event loop's thread waits for a thread that does the work."""

    async def instead(call: Call) -> Any:
        context = contextvars.copy_context()
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(context.run, _twin, call).result()

    def put_in(place: Place) -> None:
        from conformance.checks.instruments import loop_watch

        # A loop that takes no turn is waited for as long: here it never will.
        vars(loop_watch)["PATIENCE"] = 0.3
        around(instead)(place)

    if facts.statements > 0:
        yield Defect("loop", put_in)


@generator
def loop_used_for_waiting(place: Place, facts: Facts) -> Iterator[Defect]:
    """It sleeps, or reads a file, on the event loop's thread."""

    @asynccontextmanager
    async def sleeping(_: Call) -> AsyncIterator[None]:
        time.sleep(0.000001)  # noqa: ASYNC251 - the defect
        yield

    @asynccontextmanager
    async def reading(_: Call) -> AsyncIterator[None]:
        with open(os.devnull, "rb") as file:  # noqa: ASYNC230, PTH123 - the defect
            file.read()
        yield

    yield Defect("loop", surrounded(sleeping), "sleep")
    yield Defect("loop", surrounded(reading), "file")


@generator
def context_lost(place: Place, facts: Facts) -> Iterator[Defect]:
    """The caller's context variables are not seen where the work is done, or what is set there does not come back."""

    async def unseen(call: Call) -> Any:
        return await contextvars.Context().run(asyncio.ensure_future, call.result())

    async def one_way(call: Call) -> Any:
        return await asyncio.ensure_future(call.result())

    if facts.statements > 0:
        yield Defect("threads", around(unseen), "unseen")
        yield Defect("threads", around(one_way), "one-way")


def _twin(call: Call) -> Any:
    found = call.twin()
    return list(found) if call.place.iterates else found

"""Waiting for work on a thread without leaving it behind."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


async def finished(job: Future[T]) -> T:
    """The job's result, once it has ended. A cancellation that arrives meanwhile is raised after that.

    A thread cannot be interrupted. Whoever stops waiting for one does not know what it did, and cannot undo it.
    """
    # A future and no task: a loop that is shut down cancels every task, and this wait must outlast that.
    waiter = asyncio.wrap_future(job)
    interruption: asyncio.CancelledError | None = None
    while not waiter.done():
        try:
            await asyncio.wait([waiter])
        except asyncio.CancelledError as cancelled:
            interruption = cancelled
    if interruption is not None:
        raise interruption from waiter.exception()
    return waiter.result()

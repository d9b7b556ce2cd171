"""A use of a workaround that is cancelled: at which moment, and what is there afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from conformance.checks.gates import Gate, turns
from conformance.checks.observer import Snapshot
from conformance.checks.scenarios import Scenario, Workaround, whole_of
from conformance.checks.stage import Stage
from conformance.strategies import Rows

T = TypeVar("T")
# When a use is cancelled.
BEFORE, MIDDLE, WAITING = "before it has written", "in the middle", "while it waits for its thread"


@dataclass(frozen=True)
class End:
    """What was committed before, when the caller was told, and in the end; what a whole use commits."""

    before: Snapshot
    told: Snapshot
    after: Snapshot
    whole: Snapshot
    left_open: bool
    error: BaseException | None
    sql: list[str]


def cancel_at(
    workaround: Workaround, when: str, stage: Stage, rows: Rows, titles: tuple[str, ...], *, is_block: bool
) -> End:
    """Use the workaround once, and cancel it; `is_block` says that its body runs in the task."""
    before, whole = whole_of(stage, rows, titles)
    stage.seed(rows)
    held = {BEFORE: 0, MIDDLE: 1, WAITING: len(titles) if is_block else 1}
    scenario = Scenario(titles, fails=False, held=held[when])
    seen: list[Any] = []
    trace = stage.trace_async(lambda: _cancel(workaround, stage, scenario, when, seen, is_block=is_block))
    if trace.error is not None:  # of the schedule: what the use raised is kept by it
        raise trace.error
    told, left_open, after = *seen, stage.committed()
    stage.evidence.changed += whole != before
    return End(before, told, after, whole, left_open, scenario.error, trace.sql)


async def _cancel(
    workaround: Workaround, stage: Stage, scenario: Scenario, when: str, seen: list[Any], *, is_block: bool
) -> None:
    """Ends with what is committed when the caller is told, and whether the ORM's thread is in a transaction still."""
    busy = Gate()
    started: list[asyncio.Future[Any]] = []

    async def occupy() -> None:
        """Another task's work, which has the thread that the ORM shares."""
        started.append(asyncio.ensure_future(_on_the_orms_thread(busy.hold)))
        await busy.reached()

    try:
        if when == WAITING and not is_block:
            await occupy()
        task = asyncio.ensure_future(workaround(stage, scenario))
        # Its gates stay shut: what a thread does after its caller was told must come after the look at what is there.
        task.add_done_callback(lambda _: scenario.left())
        if when != WAITING or is_block:
            await scenario.halfway.reached()
        if when == WAITING and is_block and not task.done():
            await occupy()
            scenario.halfway.open()
            await scenario.passed.reached()
        await turns()
        task.cancel()
        await turns()
        if not task.done():
            scenario.halfway.open()
            busy.open()
        (scenario.error,) = await asyncio.gather(task, return_exceptions=True)
        # At this moment its caller is told that it is over.
        seen.append(await asyncio.get_running_loop().run_in_executor(None, stage.committed))
    finally:
        scenario.halfway.open()
        busy.open()
        await asyncio.gather(*started)
        # After this, whatever was left under way on that thread has ended.
        seen.append(await _on_the_orms_thread(_transaction_left_open))


async def _on_the_orms_thread(function: Callable[[], T]) -> T:
    from asgiref.sync import sync_to_async

    return await sync_to_async(function)()


def _transaction_left_open() -> bool:
    """Whether it is; if so the connection is thrown away, so that the next example has another."""
    from django.db import connection, connections

    if not connection.in_atomic_block:
        return False
    connection.connection.close()
    del connections[connection.alias]
    return True

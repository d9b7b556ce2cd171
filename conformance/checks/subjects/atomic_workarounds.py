"""W2 and W5: ways to a transaction from a coroutine, as printed and as the sample app has them.

A use that returned must have committed all of its posts, one that raised none of them, whatever ran beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from hypothesis import strategies as st

from conformance.checks import workarounds
from conformance.checks.callers import Main, in_a_request, under_async_to_sync
from conformance.checks.gates import Gate, turns
from conformance.checks.outcomes import Refused, Silent, Wrong
from conformance.checks.registry import register
from conformance.checks.scenarios import Abandoned, Scenario, Workaround, attempt, block_workaround, function_workaround
from conformance.checks.stage import Stage, Trace
from conformance.strategies import TEXTS, Rows, rows

T = TypeVar("T")
_REQUESTS = 3


@dataclass(frozen=True)
class Two:
    """Rows, the titles of two uses, whether the first fails, and where it is cancelled."""

    rows: Rows
    first: tuple[str, ...]
    second: tuple[str, ...]
    fails: bool
    queued: bool


_TITLES = st.lists(TEXTS, min_size=2, max_size=3).map(tuple)
TWO = st.builds(Two, rows=rows(max_posts=2), first=_TITLES, second=_TITLES, fails=st.booleans(), queued=st.booleans())
FAILING = TWO.map(lambda example: replace(example, fails=True))
SUCCEEDING = TWO.map(lambda example: replace(example, fails=False))

# Looked up when it is used: a planted defect may have exchanged it.
WORKAROUNDS: dict[str, Workaround] = {
    "w2.printed": function_workaround(lambda function: workarounds.printed.atomic_function(function)),
    "w2.sample_app": function_workaround(lambda function: workarounds.sample_app.run_atomic(function)),
    "w5.function.printed": function_workaround(lambda function: workarounds.printed.manager_function(function)),
    "w5.function.sample_app": function_workaround(lambda function: workarounds.sample_app.run_atomic(function)),
    "w5.block.printed": block_workaround(lambda: workarounds.printed.atomic_block()),
    "w5.block.sample_app": block_workaround(lambda: workarounds.sample_app.async_atomic()),
}


def _judge(stage: Stage, example: Two, trace: Trace, scenarios: list[Scenario]) -> None:
    """What is committed is what the uses that returned have created, and no use raised what it should not."""
    observed = stage.committed()
    stage.seed(example.rows)
    before = stage.committed()
    for scenario in scenarios:
        if scenario.error is None:
            _create(scenario)
    expected = stage.committed()
    stage.evidence.changed += expected != before
    outcomes = [(each.titles, "returned" if each.error is None else repr(each.error)) for each in scenarios]
    if observed != expected:
        raise Silent(
            f"What is committed is not what the uses say: {outcomes}.",
            expected=expected,
            observed=observed,
            sql=trace.sql,
        )
    for scenario in scenarios:
        wanted = Abandoned if scenario.fails else type(None)
        if not isinstance(scenario.error, (wanted, asyncio.CancelledError)):
            if not trace.statements or _is_refusal(scenario.error):
                raise Refused(f"{type(scenario.error).__qualname__}: {scenario.error}")
            raise Wrong(
                "A use raised what it should not.",
                expected=wanted.__name__,
                observed=repr(scenario.error),
                sql=trace.sql,
            ) from scenario.error


def _is_refusal(error: BaseException | None) -> bool:
    """The workaround says that it cannot be used here, before any effect of its own."""
    return isinstance(error, RuntimeError) and "use run_atomic" in str(error)


def _create(scenario: Scenario) -> None:
    from sample_app.models import Post

    for title in scenario.titles:
        Post.objects.create(title=title)


def _one(caller: Callable[[Stage, Main], Trace], workaround: Workaround) -> Callable[[Stage, Two], None]:
    """One use, by some caller."""

    def judge(stage: Stage, example: Two) -> None:
        stage.seed(example.rows)
        scenario = Scenario(example.first, example.fails)
        _judge(stage, example, caller(stage, lambda: attempt(workaround, stage, scenario)), [scenario])

    return judge


def _plainly(stage: Stage, main: Main) -> Trace:
    return stage.trace_async(main)


def _requested(stage: Stage, main: Main) -> Trace:
    return stage.trace_async(lambda: in_a_request(main))


def _nested(stage: Stage, main: Main) -> Trace:
    return stage.trace_call(lambda: under_async_to_sync(main))


def _overlapping(caller: Callable[[Stage, Main], Trace], workaround: Workaround) -> Callable[[Stage, Two], None]:
    """The second begins while the first is in the middle; the first ends; then the second goes on."""

    def judge(stage: Stage, example: Two) -> None:
        stage.seed(example.rows)
        scenarios = [Scenario(example.first, example.fails, held=1), Scenario(example.second, fails=False, held=1)]
        trace = caller(stage, lambda: _overlap(workaround, stage, *scenarios))
        _raise_own(trace)
        _judge(stage, example, trace, scenarios)

    return judge


async def _overlap(workaround: Workaround, stage: Stage, first: Scenario, second: Scenario) -> None:
    tasks = [asyncio.ensure_future(attempt(workaround, stage, first))]
    try:
        await first.halfway.reached()
        # Any statement from now on is the second's: it has come to its transaction, if it can while the first is open.
        stage.recorder.before = second.begun.note
        tasks.append(asyncio.ensure_future(attempt(workaround, stage, second)))
        # Where the two share a thread, the second waits in the queue for it; else it has begun, or waits for a lock.
        await turns()
        if workaround in _BLOCKS:
            await second.begun.reached()
        stage.recorder.before = None
        first.halfway.open()
        await tasks[0]
        second.halfway.open()
        await tasks[1]
    finally:
        stage.recorder.before = None
        first.halfway.open()
        second.halfway.open()


def _cancelled(workaround: Workaround) -> Callable[[Stage, Two], None]:
    """Cancelled in the middle, or while it waits for its thread: whole, and nothing under way or open afterwards."""

    def judge(stage: Stage, example: Two) -> None:
        stage.seed(example.rows)
        before = stage.committed()
        held = len(example.first) if example.queued and workaround in _BLOCKS else 1
        scenario = Scenario(example.first, fails=False, held=held)
        seen: list[Any] = []
        trace = stage.trace_async(lambda: _cancel(workaround, stage, scenario, example.queued, seen))
        _raise_own(trace)
        told, left_open, after = *seen, stage.committed()
        stage.seed(example.rows)
        _create(scenario)
        whole = stage.committed()
        stage.evidence.changed += whole != before
        if told != after:
            message = "The effect appeared after CancelledError was raised."
        elif after not in (before, whole):
            message = "A part of it was committed."
        elif left_open:
            message = "The transaction stays open: what other tasks write from now on is in it, and is not committed."
        elif scenario.error is None or isinstance(scenario.error, asyncio.CancelledError):
            return
        else:
            raise Refused(f"{type(scenario.error).__qualname__}: {scenario.error}")
        raise Silent(message, expected=told, observed=after, sql=trace.sql)

    return judge


async def _cancel(workaround: Workaround, stage: Stage, scenario: Scenario, queued: bool, seen: list[Any]) -> None:
    """Ends with what is committed when the caller is told, and whether the ORM's thread is in a transaction still."""
    busy = Gate()
    started: list[asyncio.Future[Any]] = []

    async def occupy() -> None:
        """Another task's work, which has the thread that the ORM shares."""
        started.append(asyncio.ensure_future(_on_the_orms_thread(busy.hold)))
        await busy.reached()

    try:
        if queued and workaround not in _BLOCKS:
            await occupy()
        task = asyncio.ensure_future(workaround(stage, scenario))
        # Its gates stay shut: what a thread does after its caller was told must come after the look at what is there.
        task.add_done_callback(lambda _: scenario.left())
        if not queued or workaround in _BLOCKS:
            await scenario.halfway.reached()
        if queued and workaround in _BLOCKS and not task.done():
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


def _raise_own(trace: Trace) -> None:
    """An exception here is of the schedule, not of a workaround: those are kept by the uses."""
    if trace.error is not None:
        raise trace.error


def _left_behind(workaround: Workaround) -> Callable[[Stage, Two], None]:
    """Connections that are open after some requests, by what the database's side says."""

    def judge(stage: Stage, example: Two) -> None:
        stage.seed(example.rows)
        scenarios = [Scenario((*example.first, str(number)), example.fails) for number in range(_REQUESTS)]
        before = stage.sessions()

        async def requests() -> None:
            for scenario in scenarios:
                await in_a_request(lambda scenario=scenario: attempt(workaround, stage, scenario))  # type: ignore[misc]

        trace = stage.trace_async(requests)
        left = stage.sessions_settled(before) - before
        if left > 0:
            raise Wrong("Requests left connections open.", expected=0, observed=left, sql=trace.sql)
        _judge(stage, example, trace, scenarios)

    return judge


for _name, _workaround in WORKAROUNDS.items():
    _entry = f"workaround.{_name}"
    register(_entry, "alone", SUCCEEDING)(_one(_plainly, _workaround))
    register(_entry, "rollback", FAILING)(_one(_plainly, _workaround))
    register(_entry, "request", TWO)(_one(_requested, _workaround))
    register(_entry, "async_to_sync", TWO)(_one(_nested, _workaround))
    register(_entry, "overlap", TWO, shrink=False)(_overlapping(_plainly, _workaround))
    register(_entry, "overlap_in_request", TWO, shrink=False)(_overlapping(_requested, _workaround))
    register(_entry, "cancelled", TWO, shrink=False)(_cancelled(_workaround))
    register(_entry, "left_behind", TWO, shrink=False)(_left_behind(_workaround))
_BLOCKS = (WORKAROUNDS["w5.block.printed"], WORKAROUNDS["w5.block.sample_app"])

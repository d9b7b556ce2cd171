"""W2 and W5: ways to a transaction from a coroutine, as printed and as the sample app has them.

A use that returned must have committed all of its posts, one that raised none of them, whatever ran beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from conformance.checks import workarounds
from conformance.checks.callers import Main, in_a_request, under_async_to_sync
from conformance.checks.cancelling import BEFORE, MIDDLE, WAITING, End, cancel_at
from conformance.checks.gates import turns
from conformance.checks.outcomes import Refused, Silent, Wrong
from conformance.checks.registry import register
from conformance.checks.scenarios import (
    Abandoned,
    Scenario,
    Workaround,
    attempt,
    block_workaround,
    function_workaround,
    whole_of,
)
from conformance.checks.stage import Stage, Trace
from conformance.checks.subjects.situations import Two, situation
from conformance.strategies import TEXTS, rows

_REQUESTS = 3


_TITLES = st.lists(TEXTS, min_size=2, max_size=3).map(tuple)
TWO = st.builds(Two, rows=rows(max_posts=2), first=_TITLES, second=_TITLES, fails=st.booleans())
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
    returned = tuple(title for scenario in scenarios if scenario.error is None for title in scenario.titles)
    before, expected = whole_of(stage, example.rows, returned)
    stage.evidence.changed += expected != before
    if observed != expected:
        raise Silent(
            f"What is committed is not what was told: {_told(scenarios)}.",
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


def _told(scenarios: list[Scenario]) -> str:
    """`the first raised Abandoned, the second returned`."""
    names = ("the first", "the second", "the third")
    told = ("returned" if each.error is None else f"raised {type(each.error).__name__}" for each in scenarios)
    return ", ".join(f"{name} {what}" for name, what in zip(names, told))  # noqa: B905 - as many as there are


def _is_refusal(error: BaseException | None) -> bool:
    """The workaround says that it cannot be used here, before any effect of its own."""
    return isinstance(error, RuntimeError) and "use run_atomic" in str(error)


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


def _attended(workaround: Workaround) -> Callable[[Stage, Two], None]:
    """While the use is in the middle, another task creates posts without it, and they stay, whatever the use does."""

    def judge(stage: Stage, example: Two) -> None:
        stage.seed(example.rows)
        use = Scenario(example.first, example.fails, held=1)
        bystander = Scenario(example.second, fails=False)
        trace = stage.trace_async(lambda: _attend(workaround, stage, use, bystander))
        _raise_own(trace)
        _judge(stage, example, trace, [use, bystander])

    return judge


async def _attend(workaround: Workaround, stage: Stage, use: Scenario, bystander: Scenario) -> None:
    tasks = [asyncio.ensure_future(attempt(workaround, stage, use))]
    try:
        await use.halfway.reached()
        stage.recorder.before = bystander.begun.note
        tasks.append(asyncio.ensure_future(attempt(_BYSTANDER, stage, bystander)))
        # Where the two share a thread, the bystander waits in the queue for it.
        await turns()
        if workaround in _BLOCKS:
            await bystander.begun.reached()
        stage.recorder.before = None
        use.halfway.open()
        await asyncio.gather(*tasks)
    finally:
        stage.recorder.before = None
        use.halfway.open()


def _end(workaround: Workaround, when: str, stage: Stage, example: Two) -> End:
    return cancel_at(workaround, when, stage, example.rows, example.first, is_block=workaround in _BLOCKS)


def _cancelled(workaround: Workaround, when: str) -> Callable[[Stage, Two], None]:
    """All of it or nothing is committed in the end, and nothing is under way or open."""

    def judge(stage: Stage, example: Two) -> None:
        end = _end(workaround, when, stage, example)
        expected: Any = end.whole
        observed: Any = end.after
        if end.after not in (end.before, end.whole):
            message = "A part of it was committed."
        elif end.left_open:
            message = "The transaction stays open: what other tasks write from now on is in it, and is not committed."
        elif end.error is None or isinstance(end.error, asyncio.CancelledError):
            return
        else:
            raise Refused(f"{type(end.error).__qualname__}: {end.error}")
        if end.left_open:
            expected, observed = "no transaction is open", "the transaction is open"
        raise Silent(message, expected=expected, observed=observed, sql=end.sql)

    return judge


def _late(workaround: Workaround) -> Callable[[Stage, Two], None]:
    """When its caller is told that it was cancelled, the effect is there already or never appears."""

    def judge(stage: Stage, example: Two) -> None:
        end = _end(workaround, MIDDLE, stage, example)
        if end.told != end.after and not end.left_open:
            message = "The effect appeared after CancelledError was raised."
            raise Wrong(message, expected=end.told, observed=end.after, sql=end.sql)

    return judge


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


# What stands for each in the code that is shown.
_CALLS = {
    "w2.printed": "atomic_function",
    "w5.function.printed": "manager_function",
    "w5.block.printed": "atomic_block",
    "w5.block.sample_app": "async_atomic",
}
_SITUATIONS: dict[str, tuple[st.SearchStrategy[Two], Callable[[Workaround], Callable[[Stage, Two], None]]]] = {
    "alone": (SUCCEEDING, lambda workaround: _one(_plainly, workaround)),
    "rollback": (FAILING, lambda workaround: _one(_plainly, workaround)),
    "request": (TWO, lambda workaround: _one(_requested, workaround)),
    "async_to_sync": (TWO, lambda workaround: _one(_nested, workaround)),
    "overlap": (TWO, lambda workaround: _overlapping(_plainly, workaround)),
    "overlap_in_request": (TWO, lambda workaround: _overlapping(_requested, workaround)),
    "bystander": (TWO, _attended),
    "cancelled_before": (TWO, lambda workaround: _cancelled(workaround, BEFORE)),
    "cancelled": (TWO, lambda workaround: _cancelled(workaround, MIDDLE)),
    "cancelled_waiting": (TWO, lambda workaround: _cancelled(workaround, WAITING)),
    "late": (TWO, _late),
    "left_behind": (TWO, _left_behind),
}
# Where an example's size explains nothing, or it is cheap enough.
_SHRUNK = ("alone", "rollback", "request", "async_to_sync")


def _register(name: str, workaround: Workaround) -> None:
    is_block = name.startswith("w5.block")
    for check, (examples, judge) in _SITUATIONS.items():
        # A block runs in its task: what it does after the cancellation is asked of `cancelled`.
        if check != "late" or not is_block:
            printed = situation(check, _CALLS.get(name, "run_atomic"), is_block=is_block)
            shrink = check in _SHRUNK
            register(f"workaround.{name}", check, examples, shrink=shrink, source=printed)(judge(workaround))


for _name, _workaround in WORKAROUNDS.items():
    _register(_name, _workaround)
_BYSTANDER = block_workaround(contextlib.nullcontext)
_BLOCKS = (WORKAROUNDS["w5.block.printed"], WORKAROUNDS["w5.block.sample_app"])

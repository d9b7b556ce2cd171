"""W2 and W5: ways to a transaction from a coroutine, as printed and as the sample app has them.

A use that returned must have committed all of its posts, one that raised none of them, whatever ran beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from hypothesis import strategies as st

from conformance.checks import forms
from conformance.checks.gates import Gate, turns
from conformance.checks.outcomes import Refused, Silent, Wrong
from conformance.checks.places import Main, in_a_request, under_async_to_sync
from conformance.checks.registry import register
from conformance.checks.stage import Stage, Trace
from conformance.checks.uses import Abandoned, Form, Use, attempt, block_form, function_form
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
FORMS: dict[str, Form] = {
    "w2.printed": function_form(lambda function: forms.printed.atomic_function(function)),
    "w2.sample_app": function_form(lambda function: forms.ours.run_atomic(function)),
    "w5.function.printed": function_form(lambda function: forms.printed.manager_function(function)),
    "w5.function.sample_app": function_form(lambda function: forms.ours.run_atomic(function)),
    "w5.block.printed": block_form(lambda: forms.printed.atomic_block()),
    "w5.block.sample_app": block_form(lambda: forms.ours.async_atomic()),
}


def _judge(stage: Stage, example: Two, trace: Trace, uses: list[Use]) -> None:
    """What is committed is what the uses that returned have created, and no use raised what it should not."""
    observed = stage.committed()
    stage.seed(example.rows)
    before = stage.committed()
    for use in uses:
        if use.error is None:
            _create(use)
    expected = stage.committed()
    stage.evidence.changed += expected != before
    outcomes = [(use.titles, "returned" if use.error is None else repr(use.error)) for use in uses]
    if observed != expected:
        raise Silent(
            f"What is committed is not what the uses say: {outcomes}.",
            expected=expected,
            observed=observed,
            sql=trace.sql,
        )
    for use in uses:
        wanted = Abandoned if use.fails else type(None)
        if not isinstance(use.error, (wanted, asyncio.CancelledError)):
            if not trace.statements or _is_refusal(use.error):
                raise Refused(f"{type(use.error).__qualname__}: {use.error}")
            raise Wrong(
                "A use raised what it should not.", expected=wanted.__name__, observed=repr(use.error), sql=trace.sql
            ) from use.error


def _is_refusal(error: BaseException | None) -> bool:
    """The form says that it cannot be used here, before any effect of its own."""
    return isinstance(error, RuntimeError) and "use run_atomic" in str(error)


def _create(use: Use) -> None:
    from sample_app.models import Post

    for title in use.titles:
        Post.objects.create(title=title)


def _one(place: Callable[[Stage, Main], Trace], form: Form) -> Callable[[Stage, Two], None]:
    """One use, in some place."""

    def judge(stage: Stage, example: Two) -> None:
        stage.seed(example.rows)
        use = Use(example.first, example.fails)
        _judge(stage, example, place(stage, lambda: attempt(form, stage, use)), [use])

    return judge


def _plainly(stage: Stage, main: Main) -> Trace:
    return stage.trace_async(main)


def _requested(stage: Stage, main: Main) -> Trace:
    return stage.trace_async(lambda: in_a_request(main))


def _nested(stage: Stage, main: Main) -> Trace:
    return stage.trace_call(lambda: under_async_to_sync(main))


def _overlapping(place: Callable[[Stage, Main], Trace], form: Form) -> Callable[[Stage, Two], None]:
    """The second begins while the first is in the middle; the first ends; then the second goes on."""

    def judge(stage: Stage, example: Two) -> None:
        stage.seed(example.rows)
        uses = [Use(example.first, example.fails, held=1), Use(example.second, fails=False, held=1)]
        trace = place(stage, lambda: _overlap(form, stage, *uses))
        _raise_own(trace)
        _judge(stage, example, trace, uses)

    return judge


async def _overlap(form: Form, stage: Stage, first: Use, second: Use) -> None:
    tasks = [asyncio.ensure_future(attempt(form, stage, first))]
    try:
        await first.halfway.reached()
        # Any statement from now on is the second's: it has come to its transaction, if it can while the first is open.
        stage.recorder.before = second.begun.note
        tasks.append(asyncio.ensure_future(attempt(form, stage, second)))
        # Where the two share a thread, the second waits in the queue for it; else it has begun, or waits for a lock.
        await turns()
        if form in _BLOCKS:
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


def _cancelled(form: Form) -> Callable[[Stage, Two], None]:
    """Cancelled in the middle, or while it waits for its thread: whole, and nothing under way or open afterwards."""

    def judge(stage: Stage, example: Two) -> None:
        stage.seed(example.rows)
        before = stage.committed()
        held = len(example.first) if example.queued and form in _BLOCKS else 1
        use = Use(example.first, fails=False, held=held)
        seen: list[Any] = []
        trace = stage.trace_async(lambda: _cancel(form, stage, use, example.queued, seen))
        _raise_own(trace)
        told, left_open, after = *seen, stage.committed()
        stage.seed(example.rows)
        _create(use)
        whole = stage.committed()
        stage.evidence.changed += whole != before
        if told != after:
            message = "The effect appeared after CancelledError was raised."
        elif after not in (before, whole):
            message = "A part of it was committed."
        elif left_open:
            message = "The transaction stays open: what other tasks write from now on is in it, and is not committed."
        elif use.error is None or isinstance(use.error, asyncio.CancelledError):
            return
        else:
            raise Refused(f"{type(use.error).__qualname__}: {use.error}")
        raise Silent(message, expected=told, observed=after, sql=trace.sql)

    return judge


async def _cancel(form: Form, stage: Stage, use: Use, queued: bool, seen: list[Any]) -> None:
    """Ends with what is committed when the caller is told, and whether the ORM's thread is in a transaction still."""
    busy = Gate()
    started: list[asyncio.Future[Any]] = []

    async def occupy() -> None:
        """Another task's work, which has the thread that the ORM shares."""
        started.append(asyncio.ensure_future(_on_the_orms_thread(busy.hold)))
        await busy.reached()

    try:
        if queued and form not in _BLOCKS:
            await occupy()
        task = asyncio.ensure_future(form(stage, use))
        # Its gates stay shut: what a thread does after its caller was told must come after the look at what is there.
        task.add_done_callback(lambda _: use.left())
        if not queued or form in _BLOCKS:
            await use.halfway.reached()
        if queued and form in _BLOCKS and not task.done():
            await occupy()
            use.halfway.open()
            await use.passed.reached()
        await turns()
        task.cancel()
        await turns()
        if not task.done():
            use.halfway.open()
            busy.open()
        (use.error,) = await asyncio.gather(task, return_exceptions=True)
        # At this moment its caller is told that it is over.
        seen.append(await asyncio.get_running_loop().run_in_executor(None, stage.committed))
    finally:
        use.halfway.open()
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
    """An exception here is of the schedule, not of a form: those are kept by the uses."""
    if trace.error is not None:
        raise trace.error


def _left_behind(form: Form) -> Callable[[Stage, Two], None]:
    """Connections that are open after some requests, by what the database's side says."""

    def judge(stage: Stage, example: Two) -> None:
        stage.seed(example.rows)
        uses = [Use((*example.first, str(number)), example.fails) for number in range(_REQUESTS)]
        before = stage.sessions()

        async def requests() -> None:
            for use in uses:
                await in_a_request(lambda use=use: attempt(form, stage, use))  # type: ignore[misc]

        trace = stage.trace_async(requests)
        left = stage.sessions_settled(before) - before
        if left > 0:
            raise Wrong("Requests left connections open.", expected=0, observed=left, sql=trace.sql)
        _judge(stage, example, trace, uses)

    return judge


for _name, _form in FORMS.items():
    _entry = f"workaround.{_name}"
    register(_entry, "alone", SUCCEEDING)(_one(_plainly, _form))
    register(_entry, "rollback", FAILING)(_one(_plainly, _form))
    register(_entry, "request", TWO)(_one(_requested, _form))
    register(_entry, "async_to_sync", TWO)(_one(_nested, _form))
    register(_entry, "overlap", TWO, shrink=False)(_overlapping(_plainly, _form))
    register(_entry, "overlap_in_request", TWO, shrink=False)(_overlapping(_requested, _form))
    register(_entry, "cancelled", TWO, shrink=False)(_cancelled(_form))
    register(_entry, "left_behind", TWO, shrink=False)(_left_behind(_form))
_BLOCKS = (FORMS["w5.block.printed"], FORMS["w5.block.sample_app"])

"""`asyncio.gather` over coroutines that query."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.checks.outcomes import Silent, Wrong
from conformance.checks.parameters import plain_parameters
from conformance.checks.plain import plain
from conformance.checks.recorder import Recorder
from conformance.checks.registry import register
from conformance.checks.seed import KNOWN_KEYS
from conformance.checks.stage import Stage, Trace
from conformance.checks.subjects.reading import manager
from conformance.checks.twins import refuse
from conformance.strategies import Rows, rows, small_integers

# How long a statement is held for another to join it, in seconds. It bounds what a serial execution costs; a
# concurrent one meets within microseconds.
_RENDEZVOUS = 0.5


@dataclass(frozen=True)
class Gathering:
    """Rows, and one (operation, views) pair for each coroutine; `get` may raise."""

    rows: Rows
    calls: tuple[tuple[str, int], ...]
    return_exceptions: bool


_CALLS = st.tuples(st.sampled_from(["get", "count", "exists", "first"]), small_integers())
GATHERINGS = st.builds(
    Gathering,
    rows=rows(),
    calls=st.lists(_CALLS, min_size=2, max_size=6).map(tuple),
    return_exceptions=st.booleans(),
)


def _sync(stage: Stage, example: Gathering) -> list[Any]:
    return [_sync_call(stage, name, views) for name, views in example.calls]


def _sync_call(stage: Stage, name: str, views: int) -> Any:
    try:
        return stage.adapter.sync(manager(stage).filter(views=views), name)()
    except Exception as error:  # noqa: BLE001 - as gather does with return_exceptions
        return error


def _async_call(stage: Stage, name: str, views: int) -> Awaitable[Any]:
    return stage.adapter.asynchronous(manager(stage).filter(views=views), name)()


async def _gather(stage: Stage, example: Gathering) -> list[Any]:
    tasks = [asyncio.ensure_future(_async_call(stage, name, views)) for name, views in example.calls]
    try:
        return await asyncio.gather(*tasks, return_exceptions=example.return_exceptions)
    finally:
        # After an error the others run on. See them to their end: else what is recorded depends on timing.
        await asyncio.gather(*tasks, return_exceptions=True)


def _trace(stage: Stage, example: Gathering) -> tuple[Trace, Trace]:
    stage.seed(example.rows)
    sync = stage.trace_sync(lambda: _sync(stage, example))
    return sync, stage.trace_async(lambda: _gather(stage, example))


def _judge_result(stage: Stage, example: Gathering) -> None:
    """Each coroutine gives what its synchronous twin gives; without `return_exceptions` one of the errors is raised."""
    sync, asynchronous = _trace(stage, example)
    refuse(asynchronous)
    errors = [value["raises"] for value in sync.value if isinstance(value, dict) and "raises" in value]
    if errors and not example.return_exceptions:
        if asynchronous.error is None:
            raise Silent(
                "A gathered coroutine failed and gather raised nothing.",
                expected=errors,
                observed=asynchronous.value,
                sql=asynchronous.sql,
            )
        if plain(asynchronous.error, KNOWN_KEYS)["raises"] not in errors:
            raise Wrong(
                "Gather raised what no twin raises.",
                expected=errors,
                observed=repr(asynchronous.error),
                sql=asynchronous.sql,
            )
    elif asynchronous.error is not None:
        raise Wrong(
            "Gather raised.", expected=sync.value, observed=repr(asynchronous.error), sql=asynchronous.sql
        ) from asynchronous.error
    elif asynchronous.value != sync.value:
        raise Silent(
            "The gathered results differ from the twins'.",
            expected=sync.value,
            observed=asynchronous.value,
            sql=asynchronous.sql,
        )


def _judge_sql(stage: Stage, example: Gathering) -> None:
    """The same statements in any order, where every coroutine runs to its end."""
    sync, asynchronous = _trace(stage, Gathering(example.rows, example.calls, return_exceptions=True))
    refuse(asynchronous)
    expected, observed = _statements(sync), _statements(asynchronous)
    if observed != expected:
        raise Wrong(
            "The gathered coroutines sent other statements than their twins.",
            expected=sorted((expected - observed).elements()),
            observed=sorted((observed - expected).elements()),
            sql=asynchronous.sql,
        )


def _statements(trace: Trace) -> Counter[str]:
    return Counter(f"{statement.normalised} {plain_parameters(statement.params)}" for statement in trace.statements)


def _judge_overlap(stage: Stage, example: Gathering) -> None:
    """Two of the queries are under way at one time; each waits a moment for another to join it."""
    stage.seed(example.rows)
    gathering = Gathering(example.rows, example.calls, return_exceptions=True)
    with _rendezvous(stage.recorder) as met:
        asynchronous = stage.trace_async(lambda: _gather(stage, gathering))
    refuse(asynchronous)
    if not met.is_set():
        raise Wrong(
            "The gathered queries ran one after the other.",
            expected="two statements under way at one time",
            observed=f"{len(asynchronous.statements)} statements on "
            f"{len({statement.connection for statement in asynchronous.statements})} connection, none overlapping",
            sql=asynchronous.sql,
        )


@contextmanager
def _rendezvous(recorder: Recorder) -> Iterator[threading.Event]:
    """Hold each statement until a second one is about to run; the event says whether two ever met."""
    met = threading.Event()
    barrier = threading.Barrier(2, action=met.set)

    def hold() -> None:
        # Broken where nobody joined in time: from then on statements pass freely.
        with suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=_RENDEZVOUS)

    recorder.before = hold
    try:
        yield met
    finally:
        recorder.before = None


def _code(example: Gathering) -> tuple[str, ...]:
    calls = "".join(f"    Post.objects.filter(views={views}).a{name}(),\n" for name, views in example.calls)
    return (f"await asyncio.gather(\n{calls}    return_exceptions={example.return_exceptions},\n)",)


register("concurrency.gather", "result", GATHERINGS, source=_code)(_judge_result)
register("concurrency.gather", "sql", GATHERINGS, source=_code)(_judge_sql)
register("claim.o9.gather_overlaps", "overlap", GATHERINGS, shrink=False, source=_code)(_judge_overlap)

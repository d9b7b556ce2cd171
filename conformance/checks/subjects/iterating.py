"""Iterations that end early, and what a queryset keeps of what it has read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.strategies import Rows, rows
from conformance.strategies.code import Chain, resolve, source
from conformance.strategies.plans import filtered_plans, sliced_plans


@dataclass(frozen=True)
class Using:
    """Rows, a queryset, and what is done with it, one after the other."""

    rows: Rows
    plan: Chain
    calls: tuple[str, ...]


@dataclass(frozen=True)
class Leaving:
    """Rows, a queryset, the size of its chunks, how many rows are taken, and how the iteration is left."""

    rows: Rows
    plan: Chain
    size: int
    taken: int
    way: str


_CALLS = ("iterate", "count", "iterate", "exists", "first", "stop", "iterator", "contains", "get")
USINGS = st.builds(
    Using,
    rows(min_posts=2),
    filtered_plans() | sliced_plans(),
    st.lists(st.sampled_from(_CALLS), min_size=2, max_size=4).map(tuple),
)
LEAVINGS = st.builds(
    Leaving,
    rows(min_posts=3, max_posts=4),
    filtered_plans(),
    st.integers(1, 3),
    st.integers(0, 3),
    st.sampled_from(["break", "exception", "close", "cancel", "end"]),
)


def _sync_calls(queryset: Any) -> dict[str, Callable[[], Any]]:
    return {
        "iterate": lambda: list(queryset),
        "stop": lambda: next(iter(queryset), None),
        "iterator": lambda: list(queryset.iterator(chunk_size=2)),
        "contains": lambda: queryset.contains(queryset.model(pk=10_000_000)),
        **{name: getattr(queryset, name) for name in ("count", "exists", "first", "get")},
    }


def _async_calls(stage: Stage, queryset: Any) -> dict[str, Callable[[], Awaitable[Any]]]:
    async def iterate() -> list[Any]:
        return [row async for row in stage.adapter.iterate(queryset)]

    async def stop() -> Any:
        async for row in stage.adapter.iterate(queryset):
            return row
        return None

    async def iterator() -> list[Any]:
        found: Any = stage.adapter.asynchronous(queryset, "iterator")
        return [row async for row in found(chunk_size=2)]

    twins = {name: stage.adapter.asynchronous(queryset, name) for name in ("count", "exists", "first", "get")}
    contains = stage.adapter.asynchronous(queryset, "contains")
    own = {"iterate": iterate, "stop": stop, "iterator": iterator}
    return {**twins, **own, "contains": lambda: contains(queryset.model(pk=10_000_000))}


def _using(stage: Stage, example: Using) -> Sides:
    queryset = resolve(example.plan)
    sync, asynchronous = _sync_calls(queryset), _async_calls(stage, queryset)

    def run() -> list[Any]:
        return [_outcome(sync[name]) for name in example.calls]

    async def arun() -> list[Any]:
        return [await _aoutcome(asynchronous[name]) for name in example.calls]

    return Sides(sync=run, asynchronous=arun, held=(queryset,))


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - what the code under test raises is what is compared
        return error


async def _aoutcome(call: Callable[[], Awaitable[Any]]) -> Any:
    try:
        return await call()
    except Exception as error:  # noqa: BLE001 - as above
        return error


def _print(example: Using) -> tuple[str, str]:
    made = f"queryset = {source(example.plan)}"
    return f"{made}\n# then, on it: {', '.join(example.calls)}", f"{made}\n# the same calls, asynchronously"


register_experiment("queryset.cache", USINGS, _using, _print)


class _Left(Exception):
    """Raised in the body of an iteration."""


def _leaving(stage: Stage, example: Leaving) -> Sides:
    queryset = resolve(example.plan)
    iterator: Any = stage.adapter.asynchronous(queryset, "iterator")

    def run() -> list[Any]:
        taken: list[Any] = []
        rows_left = queryset.iterator(chunk_size=example.size)
        try:
            for row in rows_left:
                if len(taken) == example.taken and example.way != "end":
                    _leave(example.way)
                    break
                taken.append(row)
        except _Left:
            taken.append("left")
        rows_left.close()
        return [*taken, queryset.count()]

    async def arun() -> list[Any]:
        taken: list[Any] = []
        rows_left = iterator(chunk_size=example.size)
        await _take(example, rows_left, taken)
        await rows_left.aclose()
        return [*taken, await stage.adapter.asynchronous(queryset, "count")()]

    return Sides(sync=run, asynchronous=arun, held=(queryset,))


async def _take(example: Leaving, rows_left: Any, taken: list[Any]) -> None:
    own = False
    try:
        async for row in rows_left:
            if len(taken) == example.taken and example.way != "end":
                if example.way == "cancel":
                    own = True
                    await _cancelled()
                _leave(example.way)
                break
            taken.append(row)
    except _Left:
        taken.append("left")
    except asyncio.CancelledError:
        # Whoever cancels the whole of it is to hear so.
        if not own:
            raise
        taken.append("left")


async def _cancelled() -> None:
    """Cancel the task that runs this; whoever catches it goes on."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    try:
        await asyncio.sleep(0)
    finally:
        # From Python 3.11 on a task remembers how often it was cancelled.
        getattr(task, "uncancel", int)()


def _leave(way: str) -> None:
    if way in ("exception", "cancel"):
        raise _Left


register_experiment(
    "queryset.aiterator.early_stop",
    LEAVINGS,
    _leaving,
    lambda example: (
        f"{source(example.plan)}.iterator(chunk_size={example.size})  # left after {example.taken} by {example.way}",
        f"{source(example.plan)}.aiterator(chunk_size={example.size})",
    ),
)

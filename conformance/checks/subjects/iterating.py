"""Iterations that end early."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.strategies import Rows, rows
from conformance.strategies.code import Chain, resolve, source
from conformance.strategies.plans import filtered_plans


@dataclass(frozen=True)
class Leaving:
    """Rows, a queryset, the size of its chunks, how many rows are taken, and how the iteration is left."""

    rows: Rows
    plan: Chain
    size: int
    taken: int
    way: str


LEAVINGS = st.builds(
    Leaving,
    rows(min_posts=3, max_posts=4),
    filtered_plans(),
    st.integers(1, 3),
    st.integers(0, 3),
    st.sampled_from(["break", "exception", "close", "cancel", "end"]),
)


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

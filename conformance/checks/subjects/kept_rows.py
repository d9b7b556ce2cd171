"""What a queryset keeps of what it has read, and until when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.reference import outcomes
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.strategies import Rows, rows
from conformance.strategies.code import Arguments, Call, Chain, resolve, source
from conformance.strategies.plans import filtered_plans, sliced_plans
from conformance.strategies.rows import FIRST_KEY


@dataclass(frozen=True)
class Using:
    """Rows, a queryset, and what is done with it, one after the other."""

    rows: Rows
    plan: Chain
    calls: tuple[str, ...]


_ITERATED = ("__iter__", Arguments())
# What each call is to the reference model.
_CALLED = {
    **{name: (name, Arguments()) for name in ("count", "exists", "first", "get", "delete")},
    "iterate": _ITERATED,
    "stop": _ITERATED,
    "iterator": ("iterator", Arguments(kwargs=(("chunk_size", 2),))),
    "contains": ("contains", Arguments((Call("Post", kwargs=(("pk", FIRST_KEY),)),))),
    "update": ("update", Arguments(kwargs=(("title", "changed"),))),
}
_FROM_CACHE = ("iterate", "stop", "count", "exists", "first", "contains")
_CALLS = ("iterate", "count", "iterate", "exists", "first", "stop", "iterator", "contains", "get")
_READING = st.lists(st.sampled_from(_CALLS), min_size=2, max_size=4).map(tuple)
# Only one that writes: a cancelled sequence has done all of it or nothing.
_WRITING = st.builds(
    lambda before, write, after: (*before, write, *after),
    st.sampled_from([("iterate",), ("count", "iterate"), ("stop",)]),
    st.sampled_from(["update", "delete"]),
    st.sampled_from([("iterate",), ("count",), ("exists", "iterate"), ("contains", "first")]),
)
USINGS = st.builds(
    Using, rows(min_posts=2), filtered_plans() | sliced_plans(), _READING | _READING.map(tuple) | _WRITING
)


def _sync_calls(queryset: Any) -> dict[str, Callable[[], Any]]:
    return {
        "iterate": lambda: list(queryset),
        "stop": lambda: next(iter(queryset), None),
        "iterator": lambda: list(queryset.iterator(chunk_size=2)),
        "contains": lambda: queryset.contains(queryset.model(pk=FIRST_KEY)),
        "update": lambda: queryset.update(title="changed"),
        "delete": queryset.delete,
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
    contains, update, delete = (stage.adapter.asynchronous(queryset, name) for name in ("contains", "update", "delete"))
    own = {"iterate": iterate, "stop": stop, "iterator": iterator}
    given = {
        "contains": lambda: contains(queryset.model(pk=FIRST_KEY)),
        "update": lambda: update(title="changed"),
        "delete": delete,
    }
    return {**twins, **own, **given}


def _using(stage: Stage, example: Using) -> Sides:
    queryset = resolve(example.plan)
    sync, asynchronous = _sync_calls(queryset), _async_calls(stage, queryset)

    def run() -> list[Any]:
        found = []
        for name in example.calls:
            told = _Told(stage, queryset, name)
            found.append(told.after(_outcome(sync[name])))
        return found

    async def arun() -> list[Any]:
        found = []
        for name in example.calls:
            told = _Told(stage, queryset, name)
            found.append(told.after(await _aoutcome(asynchronous[name])))
        return found

    known = outcomes(_vendor(), example.rows, example.plan, tuple(_CALLED[name] for name in example.calls))
    return Sides(
        sync=run, asynchronous=arun, held=(queryset,), model=() if known is None else (_expected(example, known),)
    )


class _Told:
    """An outcome with whether the database was asked for what the queryset had already."""

    def __init__(self, stage: Stage, queryset: Any, name: str) -> None:
        self._recorder = stage.recorder
        self._cached = name in _FROM_CACHE and queryset._result_cache is not None
        self._sent = stage.recorder.count()

    def after(self, outcome: Any) -> Any:
        """The outcome; with a word on it, if the database was asked again."""
        return {"asked again": outcome} if self._cached and self._recorder.count() > self._sent else outcome


def _expected(example: Using, known: list[Any]) -> list[Any]:
    """Of an iteration that stops, the first row."""
    pairs = zip(example.calls, known, strict=True)
    return [(rows[0] if rows else None) if name == "stop" else rows for name, rows in pairs]


def _vendor() -> str:
    from django.db import connection

    return connection.vendor


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - what the code under test raises is what is compared
        return {"raises": type(error).__name__}


async def _aoutcome(call: Callable[[], Awaitable[Any]]) -> Any:
    try:
        return await call()
    except Exception as error:  # noqa: BLE001 - as above
        return {"raises": type(error).__name__}


def _print(example: Using) -> tuple[str, str]:
    made = f"queryset = {source(example.plan)}"
    return f"{made}\n# then, on it: {', '.join(example.calls)}", f"{made}\n# the same calls, asynchronously"


register_experiment("queryset.cache", USINGS, _using, _print)

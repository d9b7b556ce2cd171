"""asgiref's `Local` across tasks, threads and both wrappers, by what its documentation says."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from asgiref.local import Local
from asgiref.sync import async_to_sync, sync_to_async
from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.strategies import NO_ROWS, Rows

# What is done one after the other, and where. The model below has the same names.
PLACES = ("here", "task", "sensitive", "insensitive", "thread", "through", "gathered")
ACTS = ("set 1", "set 2", "delete", "look")


@dataclass(frozen=True)
class Story:
    """Steps: where, and what is done with the attribute there. Each ends with a look at it, there and here."""

    steps: tuple[tuple[str, str], ...]
    critical: bool
    rows: Rows = NO_ROWS


def _do(act: str, local: Any) -> Any:
    if act.startswith("set"):
        local.value = int(act[-1])
    elif act == "delete":
        try:
            del local.value
        except AttributeError:
            return "nothing to delete"
    return getattr(local, "value", None)


async def _ado(act: str, local: Any) -> Any:
    return _do(act, local)


async def _in(place: str, act: str, local: Any) -> Any:
    """Do it in that place, which ends before this does."""
    if place == "task":
        return await asyncio.ensure_future(_ado(act, local))
    if place == "gathered":
        return (await asyncio.gather(_ado(act, local), _ado("look", local)))[0]
    if place in ("sensitive", "insensitive"):
        return await sync_to_async(_do, thread_sensitive=place == "sensitive")(act, local)
    if place == "through":
        return await sync_to_async(lambda: async_to_sync(_ado)(act, local))()
    if place == "thread":
        return await asyncio.get_running_loop().run_in_executor(None, _on_a_new_thread, act, local)
    return _do(act, local)


def _on_a_new_thread(act: str, local: Any) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(_do(act, local)))
    thread.start()
    thread.join()
    return found[0]


async def _told(example: Story) -> Any:
    local = Local(thread_critical=example.critical)
    return [(await _in(place, act, local), getattr(local, "value", None)) for place, act in example.steps]


class _Model:
    """What a place sees of here, and what comes back.

    Not critical: as a context variable, which both wrappers carry there and back, tasks only there, threads not at
    all. Critical: another thread, the one that a wrapper uses too, has values of its own.
    """

    def __init__(self, example: Story) -> None:
        self._critical = example.critical
        self._here: int | None = None
        # Of the thread for thread-sensitive code; only for a local that is critical.
        self._there: int | None = None

    def step(self, place: str, act: str) -> tuple[Any, int | None]:
        shared, returns = self._reach(place)
        before = self._here if shared else (self._there if place == "sensitive" else None)
        seen, after = _changed(act, before)
        if returns:
            self._here = after
        elif not shared and place == "sensitive":
            self._there = after
        return seen, self._here

    def _reach(self, place: str) -> tuple[bool, bool]:
        """Whether the place sees what is here, and whether what it does comes back."""
        if place == "here":
            return True, True
        if place in ("task", "gathered"):
            return True, False
        if place == "thread":
            return False, False
        # `async_to_sync` runs on this loop, on this thread, in the context that was carried to it.
        critical = self._critical
        return (True, True) if place == "through" else (not critical, not critical)


def _changed(act: str, before: int | None) -> tuple[Any, int | None]:
    if act.startswith("set"):
        return int(act[-1]), int(act[-1])
    if act == "delete":
        return ("nothing to delete", before) if before is None else (None, None)
    return before, before


def _expected(example: Story) -> Any:
    model = _Model(example)
    return [model.step(place, act) for place, act in example.steps]


def _prepare(_stage: Stage, example: Story) -> Sides:
    expected = _expected(example)
    return Sides(lambda: expected, lambda: _told(example), model=(expected,))


def source(example: Story) -> tuple[str, str]:
    """The steps, each with its place."""
    lines = [f"local = Local(thread_critical={example.critical})"]
    lines += [f"{act}  # {place}" for place, act in example.steps]
    return "what the documentation says", "\n".join(lines)


def stories(critical: bool = False, places: tuple[str, ...] = PLACES) -> st.SearchStrategy[Story]:
    """Up to five steps in these places."""
    steps = st.lists(st.sampled_from([(place, act) for place in places for act in ACTS]), min_size=1, max_size=5)
    return st.builds(Story, steps.map(tuple), st.just(critical))


register_experiment("asgiref.local", stories(), _prepare, source)
register_experiment(
    "asgiref.local.thread_critical",
    stories(True, ("here", "task", "gathered", "thread", "sensitive")),
    _prepare,
    source,
)

VARIABLE: ContextVar[Any] = ContextVar("conformance_local_variable")


class _Variable:
    """A context variable with the face of a `Local`: the same model holds for it."""

    def __getattr__(self, _: str) -> Any:
        value = VARIABLE.get(None)
        if value is None:
            raise AttributeError("value")
        return value

    def __setattr__(self, _: str, value: Any) -> None:
        VARIABLE.set(value)

    def __delattr__(self, name: str) -> None:
        getattr(self, name)
        VARIABLE.set(None)


def carried(face: Any) -> Any:
    """An experiment of what is carried as a `Local` is; `face` has an attribute `value`, which begins as none."""

    def prepare(_stage: Stage, example: Story) -> Sides:
        expected = _expected(example)

        async def asynchronous() -> Any:
            return [(await _in(place, act, face), getattr(face, "value", None)) for place, act in example.steps]

        return Sides(lambda: expected, asynchronous, model=(expected,))

    return prepare


register_experiment("asgiref.context_variables", stories(), carried(_Variable()), source)

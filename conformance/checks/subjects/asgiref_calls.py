"""Code of both kinds that calls each other through asgiref, against the same code as plain calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context, ContextVar
from dataclasses import dataclass
from typing import Any

from asgiref.local import Local
from asgiref.sync import async_to_sync, sync_to_async
from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.instruments import PROBE
from conformance.checks.journal import Journal, loop_runs
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.strategies import NO_ROWS, Rows

PATH: ContextVar[tuple[str, ...]] = ContextVar("conformance_path", default=())
LOCAL = Local()


@dataclass(frozen=True)
class Nest:
    """Levels from the outside in (`s` is a function, `a` a coroutine function), and what the innermost does.

    `from_sync` says that the outermost level is called on a thread without a loop.
    """

    levels: str
    leaf: str
    from_sync: bool
    rows: Rows = NO_ROWS


class _Own(BaseException):
    """Not an `Exception`."""


_LEAVES: dict[str, Callable[[], Any]] = {
    "gives a number": lambda: 7,
    "gives None": lambda: None,
    "raises ValueError": lambda: _raise(ValueError("from within")),
    "raises LookupError, from another": lambda: _raise(LookupError("from within"), KeyError("the cause")),
    "raises what has two arguments": lambda: _raise(OSError(2, "from within")),
    "raises no Exception": lambda: _raise(_Own("from within")),
}


def _raise(error: BaseException, cause: BaseException | None = None) -> None:
    raise error from cause


class _Calls:
    """The levels as functions; `wrapped` says that they call each other through asgiref."""

    def __init__(self, example: Nest, journal: Journal, *, wrapped: bool) -> None:
        self._example, self._journal, self._wrapped = example, journal, wrapped
        self.loop: Any = None

    def sync_level(self, depth: int, *, text: str) -> Any:
        self._step("enter", depth, text, coroutine=False)
        try:
            return [depth, self._next(depth + 1)]
        finally:
            self._step("leave", depth, text, coroutine=False)

    async def async_level(self, depth: int, *, text: str) -> Any:
        self._step("enter", depth, text, coroutine=True)
        try:
            return [depth, await self._anext(depth + 1)]
        finally:
            self._step("leave", depth, text, coroutine=True)

    def begin(self) -> Any:
        """The outermost level, called as what it is."""
        return self._next(0)

    async def abegin(self) -> Any:
        self.loop = None if self._example.from_sync else asyncio.get_running_loop()
        return await self._anext(0)

    def _next(self, depth: int) -> Any:
        level = self._example.levels[depth : depth + 1]
        if not level:
            return _LEAVES[self._example.leaf]()
        if level == "s" or not self._wrapped:
            return self.sync_level(depth, text=level)
        return async_to_sync(self.async_level)(depth, text=level)

    async def _anext(self, depth: int) -> Any:
        level = self._example.levels[depth : depth + 1]
        if not level:
            return _LEAVES[self._example.leaf]()
        if level == "a":
            return await self.async_level(depth, text=level)
        return await sync_to_async(self.sync_level)(depth, text=level)

    def _step(self, what: str, depth: int, text: str, *, coroutine: bool) -> None:
        """What was set further in, and further out, is seen here; and it is left for both."""
        seen = PATH.get(), getattr(LOCAL, "path", ())
        astray = ("not on the one loop",) if coroutine and not self._on_the_loop() else ()
        self._journal.step(what, depth, text, seen, *astray, coroutine=coroutine)
        PATH.set((*seen[0], f"{what} {depth}"))
        LOCAL.path = (*seen[1], f"{what} {depth}")

    def _on_the_loop(self) -> bool:
        if not loop_runs():
            return False
        self.loop = self.loop or asyncio.get_running_loop()
        return self.loop is asyncio.get_running_loop() or self._example.from_sync


def _nested(stage: Stage, example: Nest) -> Sides:
    journal = Journal(stage.recorder, threads=() if example.from_sync else None)
    plain, calls = (_Calls(example, journal, wrapped=wrapped) for wrapped in (False, True))

    def sync() -> Any:
        return _outcome(plain.begin), PATH.get(), getattr(LOCAL, "path", ())

    def from_a_thread() -> Any:
        PROBE.set(0)
        return _outcome(calls.begin), PATH.get(), getattr(LOCAL, "path", ())

    async def asynchronous() -> Any:
        if example.from_sync:
            # Nothing on that thread, and nothing in its context, knows of this loop.
            return await asyncio.get_running_loop().run_in_executor(None, Context().run, from_a_thread)
        return await _aoutcome(calls.abegin), PATH.get(), getattr(LOCAL, "path", ())

    return Sides(sync, asynchronous, held=(journal.state,))


def _outcome(function: Callable[[], Any]) -> Any:
    """What it gives, or the exception with its text and its cause."""
    try:
        return function()
    except (Exception, _Own) as error:  # noqa: BLE001 - whatever it is, it is compared
        return _told(error)


async def _aoutcome(function: Callable[[], Any]) -> Any:
    try:
        return await function()
    except (Exception, _Own) as error:  # noqa: BLE001 - as above
        return _told(error)


def _told(error: BaseException) -> Any:
    return type(error).__name__, error.args, repr(error.__cause__)


def _source(example: Nest) -> tuple[str, str]:
    names = {"s": "def", "a": "async def"}
    levels = " -> ".join(names[level] for level in example.levels)
    where = "on a thread without a loop" if example.from_sync else "from a coroutine"
    return f"plain calls: {levels}, which {example.leaf}", f"through sync_to_async and async_to_sync, {where}"


_LEVELS = st.text("sa", min_size=1, max_size=5)
_LEAF = st.sampled_from(list(_LEAVES))
register_experiment("asgiref.nested", st.builds(Nest, _LEVELS, _LEAF, st.just(False)), _nested, _source)
register_experiment("asgiref.nested.from_sync", st.builds(Nest, _LEVELS, _LEAF, st.just(True)), _nested, _source)

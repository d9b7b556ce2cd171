"""Tests that anyio runs: imported by the first one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from contextvars import ContextVar
from functools import wraps
from typing import Any

import pytest

from pytest_async_orm.hooks.recording import RECORDING
from pytest_async_orm.hooks.session import STATE
from pytest_async_orm.patches.process import PROCESS


def around_anyio_test(item: pytest.Function) -> Generator[None, object, object]:
    """Attribute an anyio test's tasks and queries to it: anyio runs all tests of a runner in one task, whose context is
    older than they.
    """
    original = item.obj
    _note_threads_of_anyio()
    belongings = [*_sandboxes(item), *_recordings(item)]
    # As anyio asks: in the place of a coroutine function pytest-asyncio has put a function of its own.
    if not belongings or hasattr(original, "hypothesis") or not inspect.iscoroutinefunction(original):
        return (yield)
    item.obj = _attributed(original, belongings)
    try:
        return (yield)
    finally:
        item.obj = original


def _note_threads_of_anyio() -> None:
    """The first anyio test's loop has imported trio only now."""
    PROCESS.patches.install_imported()


def _sandboxes(item: pytest.Item) -> list[tuple[ContextVar[Any], Any]]:
    sandbox = item.config.stash[STATE].layers.top if STATE in item.config.stash else None
    if sandbox is None:
        return []
    from pytest_async_orm.sharing.layers import ORIGIN

    return [(ORIGIN, sandbox)]


def _recordings(item: pytest.Item) -> list[tuple[ContextVar[Any], Any]]:
    if RECORDING not in item.stash:
        return []
    from pytest_async_orm.frames.context import BELONGS_TO

    return [(BELONGS_TO, item.stash[RECORDING])]


def _attributed(function: Callable[..., Any], belongings: list[tuple[ContextVar[Any], Any]]) -> Callable[..., Any]:
    @wraps(function)
    async def run(*args: Any, **kwargs: Any) -> Any:
        tokens = [(variable, variable.set(value)) for variable, value in belongings]
        try:
            return await function(*args, **kwargs)
        finally:
            for variable, token in tokens:
                variable.reset(token)

    return run

"""What is wrapped, and names that asgiref's own code uses as well: of arguments, and of attributes."""

from __future__ import annotations

import asyncio
import functools
import inspect
from typing import Any

from asgiref.sync import AsyncToSync, SyncToAsync, async_to_sync, sync_to_async

from conformance.checks.subjects.asgiref_threads import Calls, register

# Of the names, each example takes every fourth, so that four have them all.
EVERY = 4


def _parameters() -> list[str]:
    """Every name that a parameter of the wrappers' methods has."""
    methods = [each for kind in (SyncToAsync, AsyncToSync) for each in vars(kind).values() if inspect.isfunction(each)]
    return sorted({name for method in methods for name in inspect.signature(method).parameters} - {"self"})


async def _keywords(example: Calls) -> Any:
    """Keyword arguments by the names that the wrappers' own parameters have reach what is wrapped."""
    given = dict.fromkeys(_parameters()[example.number - 1 :: EVERY], 7)

    def function(**found: Any) -> Any:
        return found

    async def coroutine(**found: Any) -> Any:
        return found

    def through() -> Any:
        return async_to_sync(coroutine)(**given)

    if example.variant == "sync_to_async":
        return await sync_to_async(function)(**given) == given
    if example.variant == "async_to_sync":
        return await sync_to_async(through)() == given
    return await asyncio.get_running_loop().run_in_executor(None, through) == given


async def _nothing() -> None:
    """Only to be wrapped."""


def _attributes() -> list[str]:
    """Every attribute that an instance of a wrapper has, but for what every function has and what marks coroutines."""
    found = {*vars(sync_to_async(len)), *vars(async_to_sync(_nothing))}
    return sorted(name for name in found if not name.startswith("__") and "coroutine" not in name)


async def _attributed(example: Calls) -> Any:
    """A function that has attributes of its own, by the names that the wrappers' have, is called all the same."""

    def function() -> int:
        return example.number

    async def coroutine() -> int:
        return example.number

    for name in _attributes()[example.number - 1 :: EVERY]:
        setattr(function, name, object())
        setattr(coroutine, name, object())
    if example.variant == "sync_to_async":
        return await sync_to_async(function)()
    return await asyncio.get_running_loop().run_in_executor(None, async_to_sync(coroutine))


class _Callables:
    """Each kind of callable, synchronous and asynchronous."""

    def __init__(self, number: int) -> None:
        self.number = number

    def method(self) -> int:
        return self.number

    async def amethod(self) -> int:
        return self.number

    @staticmethod
    def static(number: int) -> int:
        return number

    def __call__(self) -> int:
        return self.number


class _Awaited(_Callables):
    """Its instances are called as coroutine functions are."""

    async def __call__(self) -> int:  # type: ignore[override]
        return self.number


async def _callables(example: Calls) -> Any:
    """What may be wrapped, and how: bare, or as a decorator with its options."""
    host, number = _Callables(example.number), example.number
    sync: dict[str, Any] = {
        "method": host.method,
        "partial": functools.partial(host.static, number),
        "instance": host,
        "lambda": lambda: number,
    }
    asynchronous: dict[str, Any] = {
        "method": host.amethod,
        "partial": functools.partial(host.amethod),
        "instance": _Awaited(number),
        "lambda": _Awaited(number).amethod,
    }
    kind, how = example.variant.split(", ")
    bare = how == "bare"
    there = sync_to_async(sync[kind]) if bare else sync_to_async(thread_sensitive=False)(sync[kind])
    back = async_to_sync(asynchronous[kind]) if bare else async_to_sync(force_new_loop=True)(asynchronous[kind])
    return await there(), await asyncio.get_running_loop().run_in_executor(None, back)


_WAYS = ["sync_to_async", "async_to_sync", "async_to_sync, without a loop"]
register("keywords", _WAYS, _keywords, lambda _: True)
register("attributes", _WAYS[:2], _attributed, lambda example: example.number)
register(
    "callables",
    [f"{kind}, {how}" for kind in ("method", "partial", "instance", "lambda") for how in ("bare", "with options")],
    _callables,
    lambda example: (example.number, example.number),
)

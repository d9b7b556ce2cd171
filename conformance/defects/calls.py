"""Replace an operation by one that does something around the real one, and is declared like it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from conformance.defects.places import Place


@dataclass(frozen=True)
class Call:
    """One call of an operation; `real` is what was replaced."""

    place: Place
    real: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def target(self) -> Any:
        """What it is called on: an object, a class or a module."""
        return self.args[0] if self.place.bound else self.place.owner

    @property
    def given(self) -> tuple[Any, ...]:
        """The positional arguments without what it is called on."""
        return self.args[1:] if self.place.bound else self.args

    def on(self, target: Any) -> Call:
        """The same call on something else."""
        return replace(self, args=(target, *self.args[1:]))

    def with_arguments(self, *given: Any, **kwargs: Any) -> Call:
        """The same call with other arguments."""
        return replace(self, args=(*self.args[: len(self.args) - len(self.given)], *given), kwargs=kwargs)

    async def result(self) -> Any:
        """What the real one gives; the items of what is iterated over, as a list."""
        if self.place.iterates:
            return [item async for item in self.real(*self.args, **self.kwargs)]
        return await self.real(*self.args, **self.kwargs)

    def twin(self) -> Any:
        """What the synchronous twin gives, called here and now."""
        # What is written `session[key] = value` has a name in the asynchronous interface alone.
        name = self.place.twin if self.place.has(self.place.twin) else "__setitem__"
        return getattr(self.target, name)(*self.given, **self.kwargs)


# What is done in the place of a call; what is iterated over gives a list.
Around = Callable[[Call], Awaitable[Any]]
Surrounding = Callable[[Call], AbstractAsyncContextManager[Any]]


def around(instead: Around) -> Callable[[Place], None]:
    """What puts it in: this is done in the place of each call."""

    def put_in(place: Place) -> None:
        real = place.function(place.name)

        def start(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            call = Call(place, real, args, kwargs)
            return _items(instead, call) if place.iterates else instead(call)

        place.put(place.name, declared_like(real, start))

    return put_in


def surrounded(block: Surrounding) -> Callable[[Place], None]:
    """What puts it in: each call, and each iteration to its end, runs inside the block."""

    async def instead(call: Call) -> Any:
        async with block(call):
            return await call.result()

    def put_in(place: Place) -> None:
        (_around_items(block) if place.iterates else around(instead))(place)

    return put_in


def _around_items(block: Surrounding) -> Callable[[Place], None]:
    def put_in(place: Place) -> None:
        real = place.function(place.name)

        async def items(args: tuple[Any, ...], kwargs: dict[str, Any]) -> AsyncIterator[Any]:
            async with block(Call(place, real, args, kwargs)), _closing(real(*args, **kwargs)) as found:
                async for item in found:
                    yield item

        place.put(place.name, declared_like(real, items))

    return put_in


def passing(asked: Callable[[Call], object], gave: Callable[[Any], object]) -> Callable[[Place], None]:
    """What puts it in: each call is told, and each value or item that it gives; nothing else is changed."""

    async def instead(call: Call) -> Any:
        asked(call)
        found = await call.result()
        gave(found)
        return found

    def put_in(place: Place) -> None:
        real = place.function(place.name)

        def start(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            call = Call(place, real, args, kwargs)
            if not place.iterates:
                return instead(call)
            asked(call)
            return _Passing(real(*args, **kwargs), gave)

        place.put(place.name, declared_like(real, start))

    return put_in


@asynccontextmanager
async def _closing(items: Any) -> AsyncIterator[Any]:
    """What is left early is closed here: otherwise a task of the loop's does it later, and is one that was left."""
    try:
        yield items
    finally:
        if hasattr(items, "aclose"):
            await items.aclose()


class _Passing:
    """No generator: one that is left early is closed by a task of the loop's, and it would be one more."""

    def __init__(self, items: AsyncIterator[Any], gave: Callable[[Any], object]) -> None:
        self._items = items
        self._gave = gave

    def __aiter__(self) -> _Passing:
        return self

    async def __anext__(self) -> Any:
        item = await self._items.__anext__()
        self._gave(item)
        return item


async def _items(instead: Around, call: Call) -> AsyncIterator[Any]:
    for item in await instead(call):
        yield item


def declared_like(real: Callable[..., Any], start: Callable[[tuple[Any, ...], dict[str, Any]], Any]) -> Any:
    """A function of the same kind, name, signature, marks and docstring."""
    if inspect.iscoroutinefunction(real):

        @functools.wraps(real)
        async def coroutine(*args: Any, **kwargs: Any) -> Any:
            return await start(args, kwargs)

        return coroutine
    if inspect.isasyncgenfunction(real):

        @functools.wraps(real)
        async def generator(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            async with _closing(start(args, kwargs)) as items:
                async for item in items:
                    yield item

        return generator

    @functools.wraps(real)
    def function(*args: Any, **kwargs: Any) -> Any:
        return start(args, kwargs)

    return function


def in_twin(instead: Callable[[Call], Any]) -> Callable[[Place], None]:
    """What puts it in: this is done in the place of each call of the synchronous twin, which both sides go through."""

    def put_in(place: Place) -> None:
        real = place.function(place.twin)

        @functools.wraps(real)
        def twin(*args: Any, **kwargs: Any) -> Any:
            return instead(Call(place, real, args, kwargs))

        place.put(place.twin, twin)

    return put_in

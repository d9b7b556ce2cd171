"""What can be wrong with an asynchronous operation: wrappers around the real one."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

Operation = Callable[..., Awaitable[Any]]


def wrong_result(operation: Operation, _: str) -> Operation:
    """The work is done, the answer is not what was found."""

    @functools.wraps(operation)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return _altered(await operation(*args, **kwargs), args)

    return wrapper


def extra_query(operation: Operation, _: str) -> Operation:
    """One more query than the synchronous twin sends."""

    @functools.wraps(operation)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        await _query()
        return await operation(*args, **kwargs)

    return wrapper


def lost_write(operation: Operation, name: str) -> Operation:
    """A plausible answer, and nothing done."""

    @functools.wraps(operation)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        if name == "acreate":
            return getattr(args[0], "model")(**kwargs)  # noqa: B009 - querysets and managers share just this
        return {"aupdate": 0, "adelete": (0, {})}.get(name)

    return wrapper


Iteration = Callable[[Any], AsyncIterator[Any]]


def iteration_drops_first(iterate: Iteration) -> Iteration:
    """`async for` loses its first row."""

    @functools.wraps(iterate)
    async def wrapper(self: Any) -> AsyncIterator[Any]:
        first = True
        async for item in iterate(self):
            if not first:
                yield item
            first = False

    return wrapper


def iteration_extra_query(iterate: Iteration) -> Iteration:
    """`async for` sends one more query."""

    @functools.wraps(iterate)
    async def wrapper(self: Any) -> AsyncIterator[Any]:
        await _query()
        async for item in iterate(self):
            yield item

    return wrapper


async def _query() -> None:
    from asgiref.sync import sync_to_async

    from sample_app.models import Tag

    await sync_to_async(Tag.objects.count)()


def _altered(result: Any, args: tuple[Any, ...]) -> Any:
    """Another value, of the same type where there is one."""
    if result is None and hasattr(args[0], "title"):
        args[0].title += "!"
        return None
    if hasattr(result, "title"):
        result.title += "!"
        return result
    if isinstance(result, tuple):
        return (result[0] + 1, *result[1:])
    if isinstance(result, dict):
        return {**result, "n": result["n"] + 1}
    if isinstance(result, bool):
        return not result
    return 1 if result is None else _altered_scalar(result)


def _altered_scalar(result: Any) -> Any:
    if hasattr(result, "content"):
        result.content += "!"
        return result
    return result + 1

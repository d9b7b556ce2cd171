"""How a coroutine is run: one axis of the environment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


def _async_to_sync(coroutine: Coroutine[Any, Any, Any]) -> Any:
    from asgiref.sync import async_to_sync

    async def main() -> Any:
        return await coroutine

    return async_to_sync(main)()


RUNNERS: dict[str, Callable[[Coroutine[Any, Any, Any]], Any]] = {
    "asyncio.run": asyncio.run,
    "async_to_sync": _async_to_sync,
}

RUNNER_NAMES = tuple(RUNNERS)

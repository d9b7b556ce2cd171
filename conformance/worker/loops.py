"""Run checks beside an event loop that somebody else runs, as a pytest runner does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class LoopBridge:
    """A thread on which checks run, and the way from there to the loop of the test that waits for them.

    One thread for the whole session: Django gives every thread connections of its own.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="conformance")
        self._loop: asyncio.AbstractEventLoop | None = None

    def call(self, function: Callable[[], T]) -> T:
        """Call the function on the checks' thread, from synchronous code."""
        return self._thread.submit(function).result()

    async def measure(self, function: Callable[[], T]) -> T:
        """Call the function on the checks' thread; the coroutines that it runs meanwhile run on this loop."""
        self._loop = asyncio.get_running_loop()
        try:
            return await self._loop.run_in_executor(self._thread, function)
        finally:
            self._loop = None

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run the coroutine on the waiting test's loop; called on the checks' thread.

        Raises `RuntimeError` if no test is waiting.
        """
        if self._loop is None:
            coroutine.close()
            raise RuntimeError("no test is waiting: call this inside LoopBridge.measure")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def close(self) -> None:
        """Close the thread's connections and end it."""
        from django.db import connections

        self.call(connections.close_all)
        self._thread.shutdown()

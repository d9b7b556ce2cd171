"""Points at which a workaround is held until the schedule lets it go: interleavings are reached, not awaited."""

from __future__ import annotations

import asyncio
import threading

# Seconds after which a schedule that cannot go on is given up. It is never waited for where all is well.
_PATIENCE = 30.0


class Gate:
    """Held on a thread by `hold`, in a coroutine by `ahold`; the schedule awaits `reached` and then calls `open`."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._open = threading.Event()

    def hold(self) -> None:
        """Wait on a thread until the gate opens. Raises AssertionError after the suite's patience."""
        self._reached.set()
        _insist(self._open.wait(_PATIENCE))

    async def ahold(self) -> None:
        """Wait in a coroutine until the gate opens. Raises AssertionError after the suite's patience."""
        self._reached.set()
        await wait(self._open)

    def note(self) -> None:
        """It was reached, and is not held."""
        self._reached.set()

    async def reached(self) -> None:
        """Wait until somebody is held, or has noted that it came by."""
        await wait(self._reached)

    def open(self) -> None:
        """Let everybody go on who is held or comes later."""
        self._open.set()


async def wait(event: threading.Event) -> None:
    """On a thread that no workaround uses."""
    _insist(await asyncio.get_running_loop().run_in_executor(None, event.wait, _PATIENCE))


async def turns() -> None:
    """Let every task of the loop come to where it waits for something that is not the loop's."""
    for _ in range(20):
        await asyncio.sleep(0)


def _insist(passed: bool) -> None:
    if not passed:
        raise RuntimeError("a gate of the schedule was never opened or never reached")

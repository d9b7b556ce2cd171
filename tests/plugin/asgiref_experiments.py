"""Which releases of asgiref hang or mix tasks up: experiments, each a function that returns if all is well.

python tests/plugin/asgiref_experiments.py              a table of all experiments under all releases (needs uv)
python tests/plugin/asgiref_experiments.py EXPERIMENT   one, under the asgiref that is on the path
"""

from __future__ import annotations

import asyncio
import contextvars
import faulthandler
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

RELEASES = (
    "3.6.0", "3.7.2", "3.8.0", "3.8.1", "3.9.0", "3.9.1", "3.9.2", "3.10.0", "3.11.0", "3.11.1", "3.12.0", "3.12.1",
    "3.13.0",
)  # fmt: skip
HANG_SECONDS = 2


async def _nothing() -> None:
    pass


async def _ended(task: Awaitable[Any]) -> None:
    await asyncio.gather(task, return_exceptions=True)


def tasks_below_two_bridges() -> None:
    """Tasks of a coroutine that sync code runs call sync code again."""
    from asgiref.sync import async_to_sync, sync_to_async

    async def view() -> list[int]:
        return await asyncio.gather(sync_to_async(int)(), sync_to_async(int)())

    async def main() -> list[int]:
        return await sync_to_async(async_to_sync(view))()

    assert asyncio.run(main()) == [0, 0]


def tasks_below_two_bridges_in_a_request() -> None:
    """The same in a context of its own, as each request of the ASGI handler has."""
    from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async

    async def view() -> list[int]:
        return await asyncio.gather(sync_to_async(int)(), sync_to_async(int)())

    async def main() -> list[int]:
        async with ThreadSensitiveContext():
            return await sync_to_async(async_to_sync(view))()

    assert asyncio.run(main()) == [0, 0]


def time_zones_of_tasks() -> None:
    """Tasks activate time zones of their own, and their parent keeps its."""
    from django.utils import timezone

    async def work(hours: int) -> str:
        timezone.activate(timezone.get_fixed_timezone(hours * 60))
        await asyncio.sleep(0)
        return timezone.get_current_timezone_name()

    async def main() -> tuple[list[str], str]:
        timezone.activate(timezone.get_fixed_timezone(0))
        return await asyncio.gather(work(1), work(2)), timezone.get_current_timezone_name()

    assert asyncio.run(main()) == (["+0100", "+0200"], "+0000")


def time_zone_deactivated_by_a_task() -> None:
    """A task that deactivates its time zone leaves its parent's."""
    from django.utils import timezone

    async def work() -> None:
        timezone.activate(timezone.get_fixed_timezone(60))
        timezone.deactivate()

    async def main() -> str:
        timezone.activate(timezone.get_fixed_timezone(0))
        await asyncio.gather(work())
        return timezone.get_current_timezone_name()

    assert asyncio.run(main()) == "+0000"


def bridge_made_in_an_earlier_test() -> None:
    """What async_to_sync() made on one test's loop is called after that loop has stopped."""
    from asgiref.sync import async_to_sync

    async def earlier_test() -> Any:
        return async_to_sync(_nothing)

    # A loop of a class, a module or the session stops between tests, and is not closed.
    loop = asyncio.new_event_loop()
    loop.run_until_complete(earlier_test())()


def request_cancelled_on_its_way_back() -> None:
    """A request is cancelled while its thread is about to go back to the event loop."""
    from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async

    started, go_on = threading.Event(), threading.Event()

    def view() -> None:
        started.set()
        go_on.wait()
        async_to_sync(_nothing)()

    async def main() -> None:
        async with ThreadSensitiveContext():
            request = asyncio.create_task(sync_to_async(view)())
            await asyncio.to_thread(started.wait)
            request.cancel()
            asyncio.get_running_loop().call_soon(go_on.set)
            await _ended(request)

    asyncio.run(main())


def tasks_that_share_a_context() -> None:
    """Two tasks of one context call sync code at once, as the receivers of Signal.asend() do since Django 6.1."""
    from asgiref.sync import sync_to_async

    begun = threading.Event()

    async def main() -> list[bool]:
        context: Any = {"context": contextvars.copy_context()}
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(sync_to_async(begun.wait)(), **context) for _ in range(2)]
        # After the first step of each. A first call that ended within that step would be over before the second.
        loop.call_soon(begun.set)
        return await asyncio.gather(*tasks)

    assert asyncio.run(main()) == [True, True]


def call_left_on_a_stopped_loop() -> None:
    """A call that a test did not await goes back to the loop after the loop has stopped."""
    from asgiref.sync import async_to_sync, sync_to_async

    started, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def late() -> None:
        started.set()
        go_on.wait()
        async_to_sync(_nothing)()
        ended.set()

    async def earlier_test() -> Any:
        call = asyncio.ensure_future(sync_to_async(late)())
        await asyncio.to_thread(started.wait)
        return call

    loop = asyncio.new_event_loop()
    call = loop.run_until_complete(earlier_test())
    go_on.set()
    ended.wait()
    loop.run_until_complete(call)


EXPERIMENTS = {
    experiment.__name__: experiment
    for experiment in (
        tasks_below_two_bridges,
        tasks_below_two_bridges_in_a_request,
        time_zones_of_tasks,
        time_zone_deactivated_by_a_task,
        bridge_made_in_an_earlier_test,
        request_cancelled_on_its_way_back,
        tasks_that_share_a_context,
        call_left_on_a_stopped_loop,
    )
}


def fetch(release: str, directory: Path) -> Path:
    """Put one release of asgiref, and nothing else, into a folder that PYTHONPATH can name."""
    target = directory / release
    command = ["uv", "pip", "install", "-q", "-p", sys.executable, "--target", str(target), "--no-deps"]
    subprocess.run([*command, f"asgiref=={release}"], check=True)
    return target


def outcome(experiment: str, release: Path | None = None) -> str:
    """`right`, `hangs`, or the error's text, under the release in a folder or under the one that is installed."""
    environment = {**os.environ, **({"PYTHONPATH": str(release)} if release is not None else {})}
    found = subprocess.run(
        [sys.executable, __file__, experiment], env=environment, capture_output=True, text=True, check=False
    )
    if found.returncode == 0:
        return "right"
    return "hangs" if "Timeout (" in found.stderr else found.stderr.strip().splitlines()[-1]


def _table() -> None:
    with tempfile.TemporaryDirectory() as directory:
        for release in RELEASES:
            target = fetch(release, Path(directory))
            for experiment in EXPERIMENTS:
                print(f"{release:8}{experiment:40}{outcome(experiment, target)[:60]}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        import django.utils.timezone  # noqa: F401 - the time of imports is no hang
        from django.conf import settings

        settings.configure()
        # A thread that hangs cannot be interrupted in any other way.
        faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
        EXPERIMENTS[sys.argv[1]]()
    else:
        _table()

"""What a holder of the turn does while a worker asks for it: waits that cannot end, and waits that can."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures import wait as wait_for_all
from contextlib import suppress
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async

from pytest_async_orm.errors import SandboxDeadlock
from pytest_async_orm.sharing.connection_queue import ConnectionQueue

TIMEOUT = 1.5
ENOUGH = 3


class Lease:
    """A lease of the calling thread."""

    def __init__(self, *, in_transaction: bool = False) -> None:
        self.thread = threading.current_thread()
        self.statements = 0
        self.lasting = False
        self.in_transaction = in_transaction

    def abandon(self) -> None:
        self.in_transaction = False


class WatchedQueue(ConnectionQueue):
    """A queue that tells when a waiter has looked often enough whether its wait is without end, and found that it is
    not.
    """

    def __init__(self, test: str, alias: str, timeout: float) -> None:
        super().__init__(test, alias, timeout)
        self.looks = 0
        self.looked = threading.Event()

    def _give_up_if_certain(self, waiter: Any) -> None:
        super()._give_up_if_certain(waiter)
        self.looks += 1
        if self.looks == ENOUGH:
            self.looked.set()


class Scene:
    """A holder that does something inside its transaction, and a worker that asks for the turn meanwhile."""

    def __init__(self) -> None:
        self.queue = WatchedQueue("test_it", "default", TIMEOUT)
        self.pool = ThreadPoolExecutor(4)
        self.over = threading.Event()
        self.seconds = -1.0
        self.text = ""

    def ask(self) -> None:
        """Take the turn and give it back; note how long that took, and the error if there is one."""
        started = time.monotonic()
        lease = Lease()
        try:
            self.queue.take(lease)
            self.queue.give_back(lease)
        except SandboxDeadlock as error:
            self.text = str(error)
        finally:
            self.seconds = time.monotonic() - started
            self.queue.looked.set()
            self.over.set()

    def until_looked(self) -> None:
        """Go on when the worker has looked often enough, or has been told."""
        self.queue.looked.wait(TIMEOUT)

    def hold(self, call: Callable[[], Any]) -> None:
        """Run a call inside a transaction."""
        lease = Lease(in_transaction=True)
        self.queue.take(lease)
        try:
            call()
        finally:
            self.queue.give_back(lease)


def joins(scene: Scene) -> None:
    thread = threading.Thread(target=scene.ask)
    thread.start()
    thread.join()


def asks_for_a_result(scene: Scene) -> None:
    scene.pool.submit(scene.ask).result()


def asks_for_an_exception(scene: Scene) -> None:
    scene.pool.submit(scene.ask).exception()


def shuts_down_a_pool(scene: Scene) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(scene.ask)


def maps(scene: Scene) -> None:
    list(scene.pool.map(lambda _: scene.ask(), range(1)))


def waits_for_all(scene: Scene) -> None:
    wait_for_all([scene.pool.submit(scene.ask), scene.pool.submit(int)])


def runs_a_loop(scene: Scene) -> None:
    asyncio.run(asyncio.to_thread(scene.ask))


def runs_a_loop_with_tasks(scene: Scene) -> None:
    async def inner() -> None:
        await asyncio.shield(asyncio.to_thread(scene.ask))

    async def outer() -> None:
        await asyncio.gather(asyncio.create_task(inner()))

    asyncio.run(outer())


def calls_sync_to_async(scene: Scene) -> None:
    asyncio.run(sync_to_async(scene.ask)())


def calls_async_to_sync(scene: Scene) -> None:
    async_to_sync(lambda: asyncio.to_thread(scene.ask))()


def waits_for_one_that_waits(scene: Scene) -> None:
    scene.pool.submit(joins, scene).result()


def is_the_same_thread(scene: Scene) -> None:
    scene.ask()


CERTAIN = [
    joins,
    asks_for_a_result,
    asks_for_an_exception,
    shuts_down_a_pool,
    maps,
    waits_for_all,
    runs_a_loop,
    runs_a_loop_with_tasks,
    calls_sync_to_async,
    calls_async_to_sync,
    waits_for_one_that_waits,
    is_the_same_thread,
]


def joins_for_a_while(scene: Scene) -> None:
    thread = threading.Thread(target=scene.ask)
    thread.start()
    thread.join(0.3)


def asks_for_a_result_for_a_while(scene: Scene) -> None:
    with suppress(FutureTimeoutError):
        scene.pool.submit(scene.ask).result(0.3)


def waits_for_the_first(scene: Scene) -> None:
    wait_for_all([scene.pool.submit(scene.ask), scene.pool.submit(scene.until_looked)], return_when=FIRST_COMPLETED)


def waits_in_a_loop_for_a_while(scene: Scene) -> None:
    async def inner() -> None:
        with suppress(TimeoutError, asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(call), 0.3)

    call: Any = None

    async def outer() -> None:
        nonlocal call
        loop = asyncio.get_running_loop()
        call = loop.run_in_executor(scene.pool, scene.ask)
        await inner()

    asyncio.run(outer())


def is_cancelled_by_a_timer(scene: Scene) -> None:
    async def outer() -> None:
        loop, here = asyncio.get_running_loop(), asyncio.current_task()
        loop.call_later(0.6, lambda: here.cancel())
        with suppress(asyncio.CancelledError):
            await asyncio.shield(loop.run_in_executor(scene.pool, scene.ask))

    asyncio.run(outer())


def waits_for_the_first_in_a_loop(scene: Scene) -> None:
    async def outer() -> None:
        loop = asyncio.get_running_loop()
        calls = [loop.run_in_executor(scene.pool, call) for call in (scene.ask, scene.until_looked)]
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)

    asyncio.run(outer())


def gathers_what_may_fail(scene: Scene) -> None:
    def fail() -> None:
        scene.until_looked()
        raise ValueError

    async def outer() -> None:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(scene.pool, call) for call in (scene.ask, fail)))

    with suppress(ValueError):
        asyncio.run(outer())


def is_woken_from_outside(scene: Scene) -> None:
    async def outer() -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        call = loop.run_in_executor(scene.pool, scene.ask)
        scene.pool.submit(lambda: (scene.until_looked(), loop.call_soon_threadsafe(over.set)))
        await over.wait()
        del call

    asyncio.run(outer())


def is_cancelled_by_another_task(scene: Scene) -> None:
    async def outer() -> None:
        loop = asyncio.get_running_loop()
        here = asyncio.current_task()

        async def cancel() -> None:
            await loop.run_in_executor(scene.pool, scene.until_looked)
            here.cancel()

        other = asyncio.create_task(cancel())
        with suppress(asyncio.CancelledError):
            await asyncio.shield(loop.run_in_executor(scene.pool, scene.ask))
            await other

    asyncio.run(outer())


def works(scene: Scene) -> None:
    scene.pool.submit(scene.ask)
    # Waits for nobody: it is at work, as long as the waiter may need.
    end = time.monotonic() + TIMEOUT
    while not scene.queue.looked.is_set() and time.monotonic() < end:
        time.sleep(0)


UNCERTAIN = [
    joins_for_a_while,
    asks_for_a_result_for_a_while,
    waits_for_the_first,
    waits_in_a_loop_for_a_while,
    is_cancelled_by_a_timer,
    waits_for_the_first_in_a_loop,
    gathers_what_may_fail,
    is_woken_from_outside,
    is_cancelled_by_another_task,
    works,
]

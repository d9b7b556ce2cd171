"""Threads that wait for work, by whatever call, and threads in the middle of a call."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest

WAITING = 5.0


def until(found: Callable[[], Any]) -> bool:
    """Whether something comes true within a few seconds: for what no event tells of, as where a thread stands."""
    end = time.monotonic() + WAITING
    while time.monotonic() < end:
        if found():
            return True
        time.sleep(0.001)
    return False


class Consumer:
    """A thread over a queue, in the user's own code."""

    def __init__(self, jobs: Any) -> None:
        self.jobs = jobs
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while (job := self.jobs.get()) is not None:
            with suppress(ValueError):
                job()


@contextmanager
def consumer(jobs: Any) -> Iterator[Consumer]:
    """One that ends with the block."""
    found = Consumer(jobs)
    yield found
    jobs.put(None)
    found.thread.join(WAITING)


@contextmanager
def executor() -> Iterator[threading.Thread]:
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(threading.current_thread).result()


@contextmanager
def thread_pool() -> Iterator[threading.Thread]:
    with ThreadPool(1) as pool:
        yield pool.apply(threading.current_thread)


@contextmanager
def own_queue() -> Iterator[threading.Thread]:
    with consumer(queue.Queue()) as found:
        yield found.thread


@contextmanager
def simple_queue() -> Iterator[threading.Thread]:
    with consumer(queue.SimpleQueue()) as found:
        yield found.thread


class Polled:
    """Jobs that nobody's `get` gives: looked for again and again, or waited for by a condition."""

    def __init__(self, *, polls: bool) -> None:
        self.jobs: list[Any] = []
        self.condition = threading.Condition()
        self.thread = threading.Thread(target=self.poll if polls else self.wait, daemon=True)
        self.thread.start()

    def poll(self) -> None:
        while True:
            if self.jobs and self.jobs.pop() is None:
                break
            time.sleep(0.005)

    def wait(self) -> None:
        while True:
            with self.condition:
                while not self.jobs:
                    self.condition.wait()
                if self.jobs.pop() is None:
                    break

    def stop(self) -> None:
        with self.condition:
            self.jobs.append(None)
            self.condition.notify()
        self.thread.join(WAITING)


@contextmanager
def polled() -> Iterator[threading.Thread]:
    found = Polled(polls=True)
    yield found.thread
    found.stop()


@contextmanager
def condition() -> Iterator[threading.Thread]:
    found = Polled(polls=False)
    yield found.thread
    found.stop()


@contextmanager
def wrapped() -> Iterator[threading.Thread]:
    """A tool that replaces `run` of a thread, as those do that trace programs."""
    jobs: Any = queue.Queue()
    thread = threading.Thread(target=jobs.get, daemon=True)
    run = thread.run
    thread.run = lambda: run()  # type: ignore[method-assign]
    thread.start()
    yield thread
    jobs.put(None)
    thread.join(WAITING)


@contextmanager
def bare_loop() -> Iterator[threading.Thread]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_forever())
    thread.start()
    yield thread
    loop.call_soon_threadsafe(loop.stop)
    thread.join(WAITING)
    loop.close()


@contextmanager
def loop_with_a_consumer() -> Iterator[threading.Thread]:
    """A loop whose only task waits for a job."""

    async def main() -> None:
        jobs: asyncio.Queue[Any] = asyncio.Queue()
        held.put((asyncio.get_running_loop(), jobs))
        while (job := await jobs.get()) is not None:
            job()

    held: queue.SimpleQueue[Any] = queue.SimpleQueue()
    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    loop, jobs = held.get(timeout=WAITING)
    yield thread
    loop.call_soon_threadsafe(jobs.put_nowait, None)
    thread.join(WAITING)


@contextmanager
def trio_cache() -> Iterator[threading.Thread]:
    trio = pytest.importorskip("trio")
    yield trio.run(trio.to_thread.run_sync, threading.current_thread)


@contextmanager
def in_the_middle_of_a_call() -> Iterator[threading.Thread]:
    go_on = threading.Event()

    def work() -> None:
        go_on.wait(WAITING)

    with ThreadPoolExecutor(1) as pool:
        thread = pool.submit(threading.current_thread).result()
        pool.submit(work)
        yield thread
        go_on.set()


@contextmanager
def loop_at_work() -> Iterator[threading.Thread]:
    """A loop whose task sleeps, and goes on by itself."""

    async def main() -> None:
        over = asyncio.Event()
        held.put((asyncio.get_running_loop(), over))
        await over.wait()

    held: queue.SimpleQueue[Any] = queue.SimpleQueue()
    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    loop, over = held.get(timeout=WAITING)
    yield thread
    loop.call_soon_threadsafe(over.set)
    thread.join(WAITING)


@contextmanager
def waits_for_a_coroutine() -> Iterator[threading.Thread]:
    """asgiref's queue is where a thread waits that is in the middle of a call."""
    from asgiref.sync import async_to_sync

    async def inner() -> None:
        over = asyncio.Event()
        held.put((asyncio.get_running_loop(), over))
        await over.wait()

    held: queue.SimpleQueue[Any] = queue.SimpleQueue()
    thread = threading.Thread(target=lambda: async_to_sync(inner)())
    thread.start()
    loop, over = held.get(timeout=WAITING)
    yield thread
    loop.call_soon_threadsafe(over.set)
    thread.join(WAITING)

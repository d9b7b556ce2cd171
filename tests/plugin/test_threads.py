"""Whose thread is it, and does it wait for work: told by plain calls and by whole suites."""

from __future__ import annotations

import asyncio
import gc
import queue
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest

from pytest_async_orm.frames import workers
from pytest_async_orm.frames.workers import Work, call_of, is_alive, is_idle, pause_for

WAITING = 5.0


def until(found: Callable[[], Any]) -> bool:
    """Whether something comes true within a few seconds."""
    end = time.monotonic() + WAITING
    while time.monotonic() < end:
        if found():
            return True
        time.sleep(0.005)
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
        held.append((asyncio.get_running_loop(), jobs))
        while (job := await jobs.get()) is not None:
            job()

    held: list[Any] = []
    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert until(lambda: held)
    yield thread
    held[0][0].call_soon_threadsafe(held[0][1].put_nowait, None)
    thread.join(WAITING)


@contextmanager
def trio_cache() -> Iterator[threading.Thread]:
    trio = pytest.importorskip("trio")
    yield trio.run(trio.to_thread.run_sync, threading.current_thread)


@pytest.mark.parametrize(
    "waiting",
    [
        executor,
        thread_pool,
        own_queue,
        simple_queue,
        polled,
        condition,
        wrapped,
        bare_loop,
        loop_with_a_consumer,
        trio_cache,
    ],
    ids=lambda made: made.__name__,
)
def test_idle(waiting: Callable[[], Any]) -> None:
    """A thread is idle by what it waits for, whatever lies below."""
    with waiting() as thread:
        assert until(lambda: is_idle(thread)), call_of(thread)


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
        held.append((asyncio.get_running_loop(), asyncio.Event()))
        await held[0][1].wait()

    held: list[Any] = []
    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert until(lambda: held)
    yield thread
    held[0][0].call_soon_threadsafe(held[0][1].set)
    thread.join(WAITING)


@contextmanager
def waits_for_a_coroutine() -> Iterator[threading.Thread]:
    """asgiref's queue is where a thread waits that is in the middle of a call."""
    from asgiref.sync import async_to_sync

    go_on = threading.Event()

    async def inner() -> None:
        while not go_on.is_set():  # noqa: ASYNC110 - another thread sets it
            await asyncio.sleep(0.005)

    thread = threading.Thread(target=lambda: async_to_sync(inner)())
    thread.start()
    yield thread
    go_on.set()
    thread.join(WAITING)


@pytest.mark.parametrize(
    "working", [in_the_middle_of_a_call, loop_at_work, waits_for_a_coroutine], ids=lambda made: made.__name__
)
def test_at_work(working: Callable[[], Any]) -> None:
    """A thread that waits for anything else is in the middle of its call."""
    with working() as thread:
        assert until(lambda: not is_idle(thread))
        time.sleep(0.1)
        assert not is_idle(thread)


def found_at_work(thread: threading.Thread) -> Work:
    assert until(lambda: call_of(thread))
    return Work(call_of(thread))


def asks(work: Work, outcome: list[bool]) -> Callable[[], None]:
    """A job that looks whether its thread still is at some work."""
    return lambda: outcome.append(work.goes_on(threading.current_thread()))


@pytest.mark.parametrize("make", [queue.Queue, queue.SimpleQueue])
def test_the_next_job_is_another(make: Callable[[], Any]) -> None:
    """A consumer that one test left in the middle of a job is free for the next one; the job itself goes on."""
    go_on, outcome = threading.Event(), []
    with consumer(make()) as found:
        works: list[Work] = []

        def job() -> None:
            go_on.wait(WAITING)
            outcome.append(works[0].goes_on(threading.current_thread()))

        found.jobs.put(job)
        works.append(found_at_work(found.thread))
        go_on.set()
        assert until(lambda: outcome == [True])
        found.jobs.put(asks(works[0], outcome))
        assert until(lambda: outcome == [True, False])


def test_a_loop_without_a_queue_goes_on() -> None:
    """A thread that repeats itself continues what it began."""
    stop, outcome = threading.Event(), []
    works: list[Work] = []

    def tick() -> None:
        time.sleep(0.005)
        if works:
            outcome.append(works[0].goes_on(threading.current_thread()))

    def work() -> None:
        while not stop.is_set():
            tick()

    thread = threading.Thread(target=work)
    thread.start()
    works.append(found_at_work(thread))
    assert until(lambda: len(outcome) > 5)
    stop.set()
    thread.join(WAITING)
    assert all(outcome)


def test_thread_that_python_did_not_start() -> None:
    """Such a thread raises where others answer; whoever asks is not disturbed."""
    import _thread

    seen: list[threading.Thread] = []
    go_on = threading.Event()
    _thread.start_new_thread(lambda: (seen.append(threading.current_thread()), go_on.wait(WAITING)), ())
    assert until(lambda: seen)
    assert is_alive(seen[0])
    pause_for(seen[0], 0.001)
    go_on.set()
    assert until(lambda: not is_alive(seen[0]))


def test_nobodys_locals_are_kept() -> None:
    """Whoever looks at frames leaves no cycle behind that keeps the callers' locals."""

    class Held:
        pass

    def look() -> weakref.ref[Held]:
        held = Held()
        workers.runs_for_pool(threading.current_thread())
        call_of(threading.current_thread())
        Work(()).goes_on(threading.current_thread())
        return weakref.ref(held)

    gc.disable()
    try:
        assert look()() is None
    finally:
        gc.enable()


POOLS = """
import queue
from multiprocessing.pool import ThreadPool
held = {}
class Consumer:
    def __init__(self):
        self.jobs = queue.%(queue)s()
        threading.Thread(target=self.run, daemon=True).start()
    def run(self):
        while True:
            job, done = self.jobs.get()
            try:
                job()
            finally:
                done.set()
    def apply(self, job):
        done = threading.Event()
        self.jobs.put((job, done))
        assert done.wait(5)
def make():
    Tag.objects.create(name="made")
    connections.close_all()
def apply(kind, job):
    if kind not in held:
        held[kind] = ThreadPool(2) if kind == "pool" else Consumer()
    held[kind].apply(job)
@pytest.mark.parametrize("kind", ["pool", "consumer"])
@pytest.mark.parametrize("mark", [
    *(pytest.param(number, marks=pytest.mark.django_db) for number in range(3)),
    pytest.param(3, marks=pytest.mark.django_db(transaction=True)),
    pytest.param(4, marks=pytest.mark.django_db),
])
async def test_used_again(kind, mark):
    await asyncio.to_thread(apply, kind, make)
    assert await Tag.objects.acount() == 1
"""


@pytest.mark.parametrize("kind", ["Queue", "SimpleQueue"])
def test_pools_that_one_test_starts_and_others_use(run, kind: str) -> None:
    """Pools and consumers serve every test, and nobody waits for them."""
    result = run(POOLS % {"queue": kind}, "--durations=0")
    result.assert_outcomes(passed=10)
    result.stdout.no_fnmatch_line("*work left running*")
    result.stdout.no_fnmatch_line("*still runs*")


WRAPPED = """
import concurrent.futures
start = threading.Thread.start
def wrapping(self):
    run = self.run
    self.run = lambda: run()
    start(self)
threading.Thread.start = wrapping
pool = concurrent.futures.ThreadPoolExecutor(1)
@pytest.mark.parametrize("number", [
    *(pytest.param(number, marks=pytest.mark.django_db) for number in range(2)),
    *(pytest.param(number, marks=pytest.mark.django_db(transaction=True)) for number in range(2, 4)),
])
async def test_it(number):
    assert await Tag.objects.acount() == 0
    assert await asyncio.get_running_loop().run_in_executor(pool, count) == 0
def count():
    try:
        return Tag.objects.count()
    finally:
        connections.close_all()
"""


def test_tool_that_wraps_run(run) -> None:
    """A tool's frame at the bottom of every thread changes nothing, and costs no second."""
    result = run(WRAPPED, "--durations=1", "--durations-min=0.5", "-W", "error")
    result.assert_outcomes(passed=4)
    result.stdout.no_fnmatch_line("*work left running*")
    result.stdout.no_fnmatch_line("*s teardown *")


LONG_CALLS = """
import queue
held = {}
def consume(jobs):
    while True:
        job = jobs.get()
        job()
async def consume_async(jobs):
    while True:
        job, done = await jobs.get()
        done.set_result(await sync_to_async(job)())
@pytest.mark.django_db
@pytest.mark.parametrize("number", range(3))
async def test_consumer_inside_a_call(number):
    if "thread" not in held:
        held["pool"] = __import__("concurrent.futures").futures.ThreadPoolExecutor(1)
        held["thread"] = queue.Queue()
        held["pool"].submit(consume, held["thread"])
    done = threading.Event()
    def job():
        Tag.objects.create(name="made")
        connections.close_all()
        done.set()
    held["thread"].put(job)
    assert await asyncio.to_thread(done.wait, 5)
    assert await Tag.objects.acount() == 1
@pytest.mark.skipif("sys.version_info < (3, 12)", reason="a task does not show its context")
@pytest.mark.django_db
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("number", range(3))
async def test_consumer_task(number):
    if "task" not in held:
        held["jobs"] = asyncio.Queue()
        held["task"] = asyncio.create_task(consume_async(held["jobs"]))
    done = asyncio.get_running_loop().create_future()
    held["jobs"].put_nowait((lambda: Tag.objects.create(name="made"), done))
    await asyncio.wait_for(done, 5)
    assert await Tag.objects.acount() == 1
def test_end():
    held["thread"].put(lambda: exec("raise SystemExit"))
"""


def test_consumers_inside_of_a_tests_call(run) -> None:
    """A consumer that is itself an executor's call, or a task, of an earlier test: what it is given is the present
    test's.
    """
    import sys

    result = run(LONG_CALLS)
    tasks = 3 if sys.version_info >= (3, 12) else 0
    result.assert_outcomes(passed=4 + tasks, skipped=3 - tasks)
    result.stdout.no_fnmatch_line("*work left running*")


STRAGGLER = """
go_on = threading.Event()
outcome = []
def work():
    Tag.objects.count()
    go_on.wait(20)
    try:
        Tag.objects.create(name="late")
        outcome.append("written")
    except Exception as error:
        outcome.append(type(error).__name__)
    connections.close_all() if outcome == ["written"] else None
@pytest.mark.django_db
@pytest.mark.allow_connection_leaks(reason="the thread outlives the test")
async def test_leaves_a_thread():
    held.append(threading.Thread(target=work))
    held[0].start()
held = []
@pytest.mark.django_db{mark}
async def test_later():
    go_on.set()
    await asyncio.to_thread(held[0].join)
    assert outcome == [{outcome!r}]
"""


@pytest.mark.parametrize(("mark", "outcome"), [("", "SandboxEnded"), ("(transaction=True)", "written")])
def test_work_of_an_earlier_test(run, mark: str, outcome: str) -> None:
    """Work that goes on is refused beside an isolated test; in a transactional one nothing is."""
    run(STRAGGLER.format(mark=mark, outcome=outcome)).assert_outcomes(passed=2)


def test_two_threads_forget_one_straggler() -> None:
    """A pool's thread at its next call and the main thread between tests, at the same time."""
    from pytest_async_orm.sharing.layers import Layers

    layers = Layers()
    thread = threading.current_thread()

    class Over:
        def goes_on(self, thread: threading.Thread) -> bool:
            layers._stragglers.pop(thread, None)
            return False

    for forget in (layers.origin, layers._forget_finished):
        layers._stragglers[thread] = (Any, Over())  # type: ignore[assignment]
        assert forget() is None
        assert not layers._stragglers


@pytest.mark.planted
@pytest.mark.parametrize(
    ("name", "planted"),
    [("_waits_for_work", lambda frames, works: False), ("_takes_jobs", lambda frame: False)],
)
def test_planted(monkeypatch: pytest.MonkeyPatch, name: str, planted: Any) -> None:
    """Without the look at what a thread waits for, an idle one works; without that at its loop, every job is one."""
    monkeypatch.setattr(workers, name, planted)
    with pytest.raises(AssertionError):
        test_the_next_job_is_another(queue.Queue)


@pytest.mark.planted
def test_planted_in_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the look at loops, a consumer over a condition is in the middle of a call for ever."""
    monkeypatch.setattr(workers, "_is_in_loop", lambda code, instruction: False)
    with condition() as thread:
        time.sleep(0.05)
        assert not is_idle(thread)

"""Whose thread is it, and does it wait for work: told by whole suites."""

from __future__ import annotations

import pytest

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
@pytest.mark.slow
def test_work_of_an_earlier_test(run, mark: str, outcome: str) -> None:
    """Work that goes on is refused beside an isolated test; in a transactional one nothing is."""
    run(STRAGGLER.format(mark=mark, outcome=outcome)).assert_outcomes(passed=2)


CLOSED = """
@pytest.mark.django_db
def test_closes_its_connection():
    Tag.objects.create(name="lost")
    connection.close()
    answers = []
    def work():
        try:
            answers.append(Tag.objects.count())
        finally:
            connections.close_all()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert answers == [0 if connection.closed_in_transaction else 1]

def test_nothing_stays(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        assert Tag.objects.count() == 0
"""


def test_guest_of_a_closed_connection(run) -> None:
    """Where a library has closed the connection in a sync test's transaction, as Celery's worker does, other threads
    have connections of their own, as without the plugin.
    """
    run(CLOSED).assert_outcomes(passed=2)


AT_WORK = """
go_on, opened = threading.Event(), threading.Event()
threads = []
def work():
    Tag.objects.count()
    opened.set()
    go_on.wait(60)
    connections.close_all()
@pytest.mark.django_db(transaction=True)
@pytest.mark.allow_connection_leaks(reason="the thread outlives the test")
def test_leaves_a_thread():
    threads.append(threading.Thread(target=work))
    threads[0].start()
    assert opened.wait(20)
@pytest.mark.parametrize("number", range(2))
@pytest.mark.django_db(transaction=True)
def test_has_none(number):
    assert threads[0].is_alive()
def test_end():
    go_on.set()
    threads[0].join()
"""


@pytest.mark.parametrize("mode", ["warn", "off"])
def test_only_the_test_that_left_it_is_told(run, mode: str) -> None:
    """Later tests are neither blamed for a thread of an earlier one nor wait for it."""
    result = run(AT_WORK, f"--async-orm-leaks={mode}")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines([
        "The test test_inner.py::test_leaves_a_thread ended while work *",
        "  thread 'Thread-1 (work)' at test_inner.py:12",
        "*, in work",
        "        go_on.wait(60)",
        "Await the task or join the thread *",
    ], consecutive=True)  # fmt: skip
    assert result.stdout.str().count(" ended while work that it started still runs:") == 1

"""Every way to reach another thread ends in the test's transaction."""

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import IntegrityError

from sample_app.models import Tag

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]


def create(name):
    return Tag.objects.create(name=name)


async def test_sync_to_async():
    """asgiref's single thread."""
    await sync_to_async(create)("a")
    assert await Tag.objects.acount() == 1


async def test_thread_insensitive():
    """The loop's executor, by asgiref."""
    await sync_to_async(create, thread_sensitive=False)("a")
    assert await Tag.objects.acount() == 1


async def test_to_thread():
    """The loop's executor, by asyncio."""
    await asyncio.to_thread(create, "a")
    assert await Tag.objects.acount() == 1


async def test_run_in_executor():
    """An executor of the test's own."""
    with ThreadPoolExecutor(2) as pool:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(pool, create, f"t{n}") for n in range(6)))
    assert await Tag.objects.acount() == 6


async def test_default_executor():
    """The loop's default executor by run_in_executor."""
    await asyncio.get_running_loop().run_in_executor(None, create, "a")
    assert await Tag.objects.acount() == 1


async def test_raw_thread():
    """A thread without any context."""
    thread = threading.Thread(target=create, args=("a",))
    thread.start()
    await asyncio.to_thread(thread.join)
    assert await Tag.objects.acount() == 1


async def test_many_raw_threads():
    """Threads that all write at once."""
    threads = [threading.Thread(target=create, args=(f"t{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    assert await Tag.objects.acount() == 8


async def test_timer_thread():
    """threading.Timer."""
    timer = threading.Timer(0, create, ("a",))
    timer.start()
    await asyncio.to_thread(timer.join)
    assert await Tag.objects.acount() == 1


async def test_thread_sensitive_context():
    """A context with a thread of its own, as each request under ASGI has."""
    async with ThreadSensitiveContext():
        await sync_to_async(create)("a")
        assert await Tag.objects.acount() == 1
    assert await Tag.objects.acount() == 1


async def test_two_contexts_see_each_other():
    """Two such contexts at once."""

    async def work(name):
        async with ThreadSensitiveContext():
            await sync_to_async(create)(name)
            return await Tag.objects.acount()

    await asyncio.gather(work("a"), work("b"))
    assert await Tag.objects.acount() == 2


async def test_executor_of_sync_to_async():
    """An executor that is given to sync_to_async."""
    with ThreadPoolExecutor(2) as pool:
        call = sync_to_async(create, thread_sensitive=False, executor=pool)
        await asyncio.gather(*(call(f"t{n}") for n in range(4)))
    assert await Tag.objects.acount() == 4


async def test_default_executor_of_the_projects_own():
    """A default executor that the project sets."""
    with ThreadPoolExecutor(1, thread_name_prefix="of the project") as pool:
        asyncio.get_running_loop().set_default_executor(pool)
        await asyncio.to_thread(create, "a")
        assert await Tag.objects.acount() == 1


async def test_context_variable_travels_with_the_query():
    """A context variable of the task is seen by code that runs beside its query."""
    who = contextvars.ContextVar("who", default="nobody")

    def work():
        return create(who.get()).name

    async def as_user(name):
        who.set(name)
        return await sync_to_async(work)()

    assert await asyncio.gather(as_user("a"), as_user("b")) == ["a", "b"]
    assert who.get() == "nobody"


async def test_fresh_context():
    """A call in an empty context."""
    await asyncio.to_thread(contextvars.Context().run, create, "a")
    assert await Tag.objects.acount() == 1


async def test_executor_that_outlives_a_call():
    """A pool's thread keeps no stale view."""
    with ThreadPoolExecutor(1) as pool:
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(pool, Tag.objects.count) == 0
        await Tag.objects.acreate(name="a")
        assert await loop.run_in_executor(pool, Tag.objects.count) == 1


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_pool_that_outlives_tests(turn, shared_pool):
    """A pool of the session's serves each test with that test's rows."""
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(shared_pool, create, "same name")
    assert await loop.run_in_executor(shared_pool, Tag.objects.count) == 1


@pytest.fixture(scope="session")
def shared_pool():
    with ThreadPoolExecutor(1) as pool:
        yield pool


async def test_errors_on_two_threads():
    """Failures on one thread leave the other's work."""
    results = await asyncio.gather(
        *(asyncio.to_thread(create, name) for name in ("a", "a", "b", "b")), return_exceptions=True
    )
    assert sum(isinstance(result, IntegrityError) for result in results) == 2
    assert await Tag.objects.acount() == 2


async def test_queue_worker():
    """A worker task fed by a queue."""
    queue = asyncio.Queue()

    async def worker():
        while (name := await queue.get()) is not None:
            await Tag.objects.acreate(name=name)

    task = asyncio.create_task(worker())
    for name in ("a", "b", None):
        await queue.put(name)
    await task
    assert await Tag.objects.acount() == 2

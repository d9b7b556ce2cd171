"""Event loops and threads that call each other end in the test's transaction."""

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from natural_marks import since_asgiref_38

from sample_app.models import Tag

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]


async def test_async_to_sync_inside_a_thread():
    """Back to the loop and out again."""

    def back():
        async_to_sync(Tag.objects.acreate)(name="inner")
        return Tag.objects.count()

    assert await sync_to_async(back)() == 1


async def test_async_to_sync_in_a_raw_thread():
    """A thread that starts a loop of its own."""
    found = []

    def work():
        async_to_sync(Tag.objects.acreate)(name="own loop")
        found.append(Tag.objects.count())

    thread = threading.Thread(target=work)
    thread.start()
    await asyncio.to_thread(thread.join)
    assert found == [1]


async def test_asyncio_run_in_a_thread():
    """asyncio.run on another thread."""

    async def work():
        await Tag.objects.acreate(name="a")
        return await Tag.objects.acount()

    with ThreadPoolExecutor(1) as pool:
        assert await asyncio.wrap_future(pool.submit(asyncio.run, work())) == 1


async def test_coroutine_that_a_thread_sends_to_the_loop():
    """run_coroutine_threadsafe, from a thread."""
    loop = asyncio.get_running_loop()

    def work():
        Tag.objects.create(name="sync")
        return asyncio.run_coroutine_threadsafe(Tag.objects.acreate(name="async"), loop).result(5).pk

    pk = await asyncio.to_thread(work)
    assert await Tag.objects.filter(pk=pk).aexists()
    assert await Tag.objects.acount() == 2


@since_asgiref_38
async def test_there_and_back_again():
    """sync_to_async inside async_to_sync inside sync_to_async."""

    def outer():
        Tag.objects.create(name="outer")
        return async_to_sync(inner)()

    async def inner():
        await sync_to_async(Tag.objects.create)(name="inner")
        return await asyncio.gather(Tag.objects.acount(), asyncio.to_thread(Tag.objects.count))

    assert await sync_to_async(outer)() == [2, 2]


async def test_as_completed():
    """Results in the order in which they come."""
    names = [(await future).name for future in asyncio.as_completed([Tag.objects.acreate(name=n) for n in "abc"])]
    assert sorted(names) == ["a", "b", "c"]


async def test_async_generator_and_context_manager():
    """Rows that a generator makes while another reads them."""

    @asynccontextmanager
    async def temporary(name):
        tag = await Tag.objects.acreate(name=name)
        yield tag
        await tag.adelete()

    async def counts():
        for name in "abc":
            async with temporary(name):
                yield await Tag.objects.acount()

    assert [count async for count in counts()] == [1, 1, 1]
    assert not await Tag.objects.aexists()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")
async def test_eager_tasks():
    """Tasks that begin to run before they are scheduled."""
    loop = asyncio.get_running_loop()
    loop.set_task_factory(asyncio.eager_task_factory)
    try:
        await asyncio.gather(*(asyncio.create_task(Tag.objects.acreate(name=f"t{n}")) for n in range(4)))
    finally:
        loop.set_task_factory(None)
    assert await Tag.objects.acount() == 4


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.Runner came with Python 3.11")
async def test_runner_in_a_thread():
    """A thread's own runner, used twice."""

    def work():
        with asyncio.Runner() as runner:
            runner.run(Tag.objects.acreate(name="first"))
            runner.run(Tag.objects.acreate(name="second"))
            return runner.run(Tag.objects.acount())

    assert await asyncio.to_thread(work) == 2


async def test_callback_of_the_loop():
    """Work that a loop callback starts."""
    done = asyncio.Event()
    tasks = []

    def start():
        tasks.append(asyncio.ensure_future(Tag.objects.acreate(name="a")))
        tasks[0].add_done_callback(lambda _: done.set())

    asyncio.get_running_loop().call_soon(start)
    await done.wait()
    assert await Tag.objects.acount() == 1

"""Closing connections is what applications do; it costs a test nothing."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core import signals
from django.db import close_old_connections, connection, connections, transaction

from sample_app.models import Tag

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]


async def test_close():
    """close() and then a query."""
    await Tag.objects.acreate(name="a")
    await sync_to_async(lambda: connection.close())()
    assert await Tag.objects.acount() == 1


async def test_close_all():
    """connections.close_all() on asgiref's thread."""
    await Tag.objects.acreate(name="a")
    await sync_to_async(connections.close_all)()
    assert await Tag.objects.acount() == 1


async def test_close_old_connections():
    """close_old_connections() as Channels and task queues call it."""
    await Tag.objects.acreate(name="a")
    await sync_to_async(close_old_connections)()
    assert await Tag.objects.acount() == 1


async def test_close_from_the_event_loop_thread():
    """The loop's own thread closes what it has."""
    await Tag.objects.acreate(name="a")
    connections.close_all()
    assert await Tag.objects.acount() == 1


async def test_close_in_a_raw_thread():
    """A worker thread closes its connection at its end, as it should."""

    def work():
        try:
            Tag.objects.create(name="a")
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    await asyncio.to_thread(thread.join)
    assert await Tag.objects.acount() == 1


async def test_close_while_another_thread_is_in_a_transaction():
    """One thread's close() does not touch another's transaction."""
    inside, go_on = threading.Event(), threading.Event()

    def work():
        with transaction.atomic():
            Tag.objects.create(name="a")
            inside.set()
            go_on.wait(5)

    task = asyncio.create_task(asyncio.to_thread(work))
    await asyncio.to_thread(inside.wait, 5)
    await sync_to_async(connections.close_all)()
    go_on.set()
    await task
    assert await Tag.objects.acount() == 1


def run_in_a_raw_thread(call):
    thread = threading.Thread(target=call)
    thread.start()
    return asyncio.to_thread(thread.join)


async def run_in_an_executor(call):
    with ThreadPoolExecutor(1) as pool:
        await asyncio.get_running_loop().run_in_executor(pool, call)


async def run_in_a_context(call):
    async with ThreadSensitiveContext():
        await sync_to_async(call)()


async def run_in_the_event_loop(call):
    call()


WAYS = {
    "raw thread": run_in_a_raw_thread,
    "executor": run_in_an_executor,
    "to_thread": asyncio.to_thread,
    "sync_to_async": lambda call: sync_to_async(call)(),
    "thread-insensitive": lambda call: sync_to_async(call, thread_sensitive=False)(),
    "ThreadSensitiveContext": run_in_a_context,
    "event loop": run_in_the_event_loop,
}


@pytest.mark.parametrize("way", WAYS)
async def test_close_all_from_everywhere(way, tag):
    """close_all(), wherever it is called, leaves the fixture's row and lets every thread go on."""
    await Tag.objects.acreate(name="a")
    await WAYS[way](connections.close_all)
    assert await Tag.objects.acount() == 2
    assert await asyncio.to_thread(Tag.objects.count) == 2


@pytest.mark.parametrize("way", WAYS)
async def test_close_all_from_everywhere_during_a_transaction(way):
    """close_all(), wherever it is called, leaves the transaction that another thread has under way."""
    inside, go_on = threading.Event(), threading.Event()

    def work():
        with transaction.atomic():
            try:
                Tag.objects.create(name="a")
            finally:
                inside.set()
            assert go_on.wait(5)
            Tag.objects.create(name="b")

    with ThreadPoolExecutor(1) as pool:
        writing = asyncio.get_running_loop().run_in_executor(pool, work)
        await asyncio.to_thread(inside.wait, 5)
        await WAYS[way](connections.close_all)
        go_on.set()
        await writing
    assert await Tag.objects.acount() == 2


@pytest.fixture
def closing(db):
    connections.close_all()
    yield
    connections.close_all()


@pytest.fixture
def looks_last(db):
    yield
    assert Tag.objects.count() == 1


async def test_close_all_in_a_fixture(looks_last, closing):
    """A fixture that closes before and after the test leaves its row to the fixtures that end later."""
    await Tag.objects.acreate(name="a")
    assert await Tag.objects.acount() == 1


async def test_close_old_connections_of_many_requests():
    """What ends a request on many threads at once."""

    def work(number):
        close_old_connections()
        Tag.objects.create(name=f"t{number}")
        close_old_connections()

    await asyncio.gather(*(asyncio.to_thread(work, number) for number in range(8)))
    assert await Tag.objects.acount() == 8


async def test_close_inside_atomic():
    """A connection closed inside a block loses the block's rows, unless the database keeps it open."""

    def work():
        try:
            with transaction.atomic():
                Tag.objects.create(name="lost")
                connection.close()
        except Exception:
            return "refused"
        return Tag.objects.count()

    assert await sync_to_async(work)() in (0, 1, "refused")
    await Tag.objects.acreate(name="after")
    assert await Tag.objects.filter(name="after").aexists()


async def test_request_signals():
    """The signals by which a request closes old connections."""
    await Tag.objects.acreate(name="a")
    await sync_to_async(signals.request_started.send)(sender=None)
    await sync_to_async(signals.request_finished.send)(sender=None)
    assert await Tag.objects.acount() == 1


async def test_is_usable_and_ensure_connection():
    """A health check of the application's."""

    def work():
        connection.ensure_connection()
        return connection.is_usable()

    assert await sync_to_async(work)() is True


async def test_new_connection_after_delete():
    """`del connections[alias]` gives a new connection, with the same rows."""
    await Tag.objects.acreate(name="a")

    def work():
        old = connections["default"]
        del connections["default"]
        assert connections["default"] is not old
        return Tag.objects.count()

    assert await sync_to_async(work)() == 1

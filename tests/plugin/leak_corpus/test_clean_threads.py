"""Programs that look like leaks and are none: threads and pools."""

import asyncio
import contextvars
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from importlib.util import find_spec
from multiprocessing.pool import ThreadPool

import anyio.to_thread
import pytest
from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async
from django.core.management import call_command
from django.db import close_old_connections, connection, connections, transaction
from django.db.utils import ConnectionHandler

from sample_app.models import AuditEntry, Tag


def count_and_close():
    try:
        return Tag.objects.count()
    finally:
        connections.close_all()


def count_and_close_old():
    try:
        return Tag.objects.count()
    finally:
        close_old_connections()


async def ended(thread):
    thread.start()
    await asyncio.to_thread(thread.join)


async def test_closing_thread():
    """A thread that closes at its end."""
    await ended(threading.Thread(target=count_and_close))


async def test_thread_with_close_old_connections():
    """CONN_MAX_AGE is 0, so that every connection is old."""
    await ended(threading.Thread(target=count_and_close_old))


async def test_closing_timer():
    """A timer."""
    await ended(threading.Timer(0, count_and_close))


async def test_thread_class():
    """A subclass of Thread."""

    class Worker(threading.Thread):
        def run(self):
            count_and_close()

    await ended(Worker())


async def test_thread_that_fails_and_closes():
    """An exception on its way through finally."""

    def work():
        with suppress(Tag.DoesNotExist):
            try:
                Tag.objects.get(name="nobody")
            finally:
                connection.close()

    await ended(threading.Thread(target=work))


async def test_connection_that_threads_share():
    """Opened by the thread that it is shared with, closed by the one that has it."""
    threads = []

    def share():
        own = connections["default"]
        own.close()
        own.inc_thread_sharing()

        def work():
            connections["default"] = own
            assert Tag.objects.count() == 0

        threads.append(threading.Thread(target=work))

    await sync_to_async(share)()
    await ended(threads[0])
    await sync_to_async(lambda: connections["default"].dec_thread_sharing())()


async def test_thread_without_a_query():
    """A thread that looks at settings only."""
    await ended(threading.Thread(target=lambda: connection.settings_dict["NAME"]))


async def test_opened_twice_closed_twice():
    """Two connections one after the other."""

    def work():
        count_and_close()
        count_and_close()

    await ended(threading.Thread(target=work))


async def test_closed_twice():
    """A second close has nothing to do."""

    def work():
        count_and_close()
        connection.close()

    await ended(threading.Thread(target=work))


async def test_temporary_connection():
    """Django's own temporary connection."""

    def work():
        with connection.temporary_connection() as cursor:
            cursor.execute("SELECT 1")

    await ended(threading.Thread(target=work))


async def test_both_databases_closed():
    """Two databases, close_all."""

    def work():
        Tag.objects.count()
        AuditEntry.objects.count()
        connections.close_all()

    await ended(threading.Thread(target=work))


async def test_many_closing_threads():
    """Eight threads."""
    for thread in [threading.Thread(target=count_and_close) for _ in range(8)]:
        await ended(thread)


async def test_daemon():
    """A daemon thread that is done."""
    await ended(threading.Thread(target=count_and_close, daemon=True))


async def test_thread_about_to_close():
    """Nobody waits for the thread, which closes a little later."""
    counted = threading.Event()

    def work():
        try:
            Tag.objects.count()
        finally:
            counted.set()
            connections.close_all()

    threading.Thread(target=work).start()
    await asyncio.to_thread(counted.wait, 20)


async def test_closing_pool():
    """A pool whose calls close."""
    with ThreadPoolExecutor(2) as pool:
        await asyncio.gather(*(asyncio.wrap_future(pool.submit(count_and_close)) for _ in range(4)))


async def test_closing_pool_map():
    """map."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: count_and_close(), range(3)))


async def test_closing_pool_of_the_loop():
    """run_in_executor."""
    with ThreadPoolExecutor(2) as pool:
        await asyncio.get_running_loop().run_in_executor(pool, count_and_close)


async def test_pool_that_lives_on(kept):
    """A pool may live on: its calls close."""
    pool = ThreadPoolExecutor(1)
    kept.append(pool)
    await asyncio.wrap_future(pool.submit(count_and_close))


async def test_last_call_closes():
    """A pool of one thread whose last call closes."""
    with ThreadPoolExecutor(1) as pool:
        await asyncio.wrap_future(pool.submit(Tag.objects.count))
        await asyncio.wrap_future(pool.submit(connections.close_all))


@pytest.fixture(scope="module")
def module_pool():
    with ThreadPoolExecutor(1) as pool:
        yield pool
        pool.submit(connections.close_all).result()


@pytest.mark.parametrize("turn", [1, 2])
async def test_pool_of_a_module(module_pool, turn):
    """A wider fixture's pool keeps its connection from test to test, and closes it in the end."""
    await asyncio.wrap_future(module_pool.submit(Tag.objects.count))


@pytest.fixture
def function_pool():
    with ThreadPoolExecutor(1) as pool:
        yield pool
        pool.submit(connections.close_all).result()


async def test_pool_of_a_fixture(function_pool):
    """The fixture closes after the test."""
    await asyncio.wrap_future(function_pool.submit(Tag.objects.count))


@pytest.fixture(scope="session")
def session_thread():
    asked, go_on = threading.Event(), threading.Event()
    answered = threading.Event()

    def work():
        while True:
            asked.wait(60)
            asked.clear()
            if go_on.is_set():
                break
            count_and_close()
            answered.set()

    thread = threading.Thread(target=work, name="session's")
    thread.start()

    def ask():
        answered.clear()
        asked.set()
        assert answered.wait(20)

    yield ask
    go_on.set()
    asked.set()
    thread.join()


async def test_thread_of_the_session(session_thread):
    """A session's thread answers a test."""
    await asyncio.to_thread(session_thread)


async def test_closing_to_thread():
    """asyncio.to_thread."""
    await asyncio.to_thread(count_and_close)


async def test_closing_default_executor():
    """run_in_executor(None)."""
    await asyncio.get_running_loop().run_in_executor(None, count_and_close)


async def test_closing_gathered():
    """gather."""
    await asyncio.gather(*(asyncio.to_thread(count_and_close) for _ in range(5)))


async def test_closing_fresh_context():
    """No context variable travels."""
    await asyncio.to_thread(contextvars.Context().run, count_and_close)


async def test_closing_thread_insensitive():
    """thread_sensitive=False."""
    await sync_to_async(count_and_close, thread_sensitive=False)()


async def test_thread_sensitive():
    """asgiref's thread keeps its connection: it is asgiref's."""
    await sync_to_async(Tag.objects.count)()


async def test_asgirefs_thread_kept_and_closed():
    """Or it is closed."""
    await sync_to_async(count_and_close)()


async def test_closing_context():
    """A ThreadSensitiveContext that closes before it is left."""
    async with ThreadSensitiveContext():
        await Tag.objects.acount()
        await sync_to_async(connections.close_all)()


async def test_context_without_a_query():
    """A ThreadSensitiveContext that uses no database."""
    async with ThreadSensitiveContext():
        await sync_to_async(len)("abc")


async def test_context_never_left_but_closed(kept):
    """A context that lives on without a connection."""
    context = ThreadSensitiveContext()
    kept.append(context)
    await context.__aenter__()
    await sync_to_async(count_and_close)()


async def test_nested_closing_contexts():
    """Two contexts, two closes."""
    async with ThreadSensitiveContext():
        async with ThreadSensitiveContext():
            await sync_to_async(count_and_close)()
        await sync_to_async(count_and_close)()


def test_async_to_sync_in_the_main_thread():
    """A sync test that calls async code."""

    async def inner():
        return await Tag.objects.acount()

    assert async_to_sync(inner)() == 0


async def test_async_to_sync_on_asgirefs_thread():
    """There and back."""

    async def inner():
        return await Tag.objects.acount()

    assert await sync_to_async(lambda: async_to_sync(inner)())() == 0


async def test_closing_async_to_sync_in_a_thread():
    """A thread that closes what its async code opened on it."""

    async def inner():
        return await Tag.objects.acount()

    def work():
        async_to_sync(inner)()
        connections.close_all()

    await ended(threading.Thread(target=work))


async def test_closing_loop_in_a_thread():
    """asyncio.run on a thread."""

    async def inner():
        await asyncio.to_thread(count_and_close)

    await ended(threading.Thread(target=lambda: asyncio.run(inner())))


async def test_closed_copy():
    """A copy in a closing block."""

    def work():
        with closing(connection.copy()) as twin:
            twin.ensure_connection()

    await sync_to_async(work)()


async def test_copy_never_opened(kept):
    """A copy that was not used."""
    await sync_to_async(lambda: kept.append(connection.copy()))()


@pytest.mark.real_only
async def test_closed_handler():
    """A ConnectionHandler of the program's own that closes."""

    def work():
        handler = ConnectionHandler(connections.settings)
        handler["default"].ensure_connection()
        handler.close_all()

    await sync_to_async(work)()


async def test_shared_and_closed_elsewhere():
    """A connection that its thread shares, and another closes."""
    held = []

    def work():
        connection.ensure_connection()
        held.append(connections["default"])
        held[0].inc_thread_sharing()

    await ended(threading.Thread(target=work))
    await sync_to_async(held[0].close)()


async def test_closing_cancelled():
    """A task that is cancelled; its thread closes."""
    inside, go_on = threading.Event(), threading.Event()

    def work():
        inside.set()
        go_on.wait(20)
        count_and_close()

    task = asyncio.create_task(asyncio.to_thread(work))
    await asyncio.to_thread(inside.wait, 20)
    task.cancel()
    go_on.set()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()


async def test_atomic_thread():
    """A finished transaction."""

    def work():
        with transaction.atomic():
            Tag.objects.count()
        connection.close()

    await ended(threading.Thread(target=work))


async def test_rolled_back_thread():
    """A transaction that was rolled back."""

    def work():
        with suppress(ValueError), transaction.atomic():
            Tag.objects.count()
            raise ValueError
        connection.close()

    await ended(threading.Thread(target=work))


async def test_manual_transaction_that_ends():
    """Autocommit off and on again, on the thread that all share."""

    def work():
        transaction.set_autocommit(False)
        try:
            Tag.objects.count()
        finally:
            transaction.rollback()
            transaction.set_autocommit(True)

    await sync_to_async(work)()


async def test_command_in_a_thread():
    """A management command."""

    def work():
        call_command("check", "--tag", "models", verbosity=0)
        connections.close_all()

    await ended(threading.Thread(target=work))


def test_plain_sync_test():
    """A sync test."""
    assert Tag.objects.count() == 0


def test_sync_test_with_a_closing_thread():
    """A sync test's thread."""
    thread = threading.Thread(target=count_and_close)
    thread.start()
    thread.join()


async def test_closing_anyio():
    """anyio's threads."""
    await anyio.to_thread.run_sync(count_and_close)


@pytest.mark.skipif(find_spec("trio") is None, reason="needs trio")
def test_closing_trio():
    """trio's threads."""
    import trio

    trio.run(trio.to_thread.run_sync, count_and_close)


async def test_closing_thread_pool(release):
    """A pool of multiprocessing's threads that lives on."""
    pool = ThreadPool(1)
    release.append(pool.terminate)
    await asyncio.to_thread(pool.apply, count_and_close)


async def test_closing_consumer(kept):
    """A thread that lives on, and closes after each job."""
    jobs, done = queue.SimpleQueue(), threading.Event()

    def consume():
        while jobs.get() is not None:
            count_and_close()
            done.set()

    threading.Thread(target=consume, daemon=True).start()
    kept.append(jobs)
    jobs.put("job")
    assert await asyncio.to_thread(done.wait, 20)

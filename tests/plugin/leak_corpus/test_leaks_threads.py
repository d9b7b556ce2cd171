"""Programs that leave a connection open on a thread: `# leak: kind` marks the line that opens it."""

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from multiprocessing.pool import ThreadPool

import anyio.to_thread
import pytest
from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async
from django.db import close_old_connections, connection, connections, transaction
from django.db.utils import ConnectionHandler

from sample_app.models import AuditEntry, Tag


def count_and_close():
    try:
        return Tag.objects.count()
    finally:
        connections.close_all()


async def ended(thread):
    thread.start()
    await asyncio.to_thread(thread.join)


async def test_raw_thread():
    """A thread that reads and ends."""

    def work():
        Tag.objects.count()  # leak: orphaned

    await ended(threading.Thread(target=work))


async def test_thread_of_djangos_function():
    """The thread has no line of the program's: the one that starts it is named."""
    thread = threading.Thread(target=Tag.objects.count)
    thread.start()  # leak: orphaned
    await asyncio.to_thread(thread.join)


async def test_timer():
    """A timer's thread."""

    def work():
        Tag.objects.exists()  # leak: orphaned

    await ended(threading.Timer(0, work))


async def test_many_threads():
    """Three threads, one line."""

    def work():
        Tag.objects.count()  # leak: orphaned x 3

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        await ended(thread)


async def test_thread_that_fails():
    """An exception skips the close."""

    def work():
        try:
            Tag.objects.get(name="nobody")  # leak: orphaned
            connection.close()
        except Tag.DoesNotExist:
            pass

    await ended(threading.Thread(target=work))


async def test_used_after_the_close():
    """Closed, and then used once more."""

    def work():
        Tag.objects.count()
        connection.close()
        Tag.objects.count()  # leak: orphaned

    await ended(threading.Thread(target=work))


def test_sync_test():
    """A sync test's thread."""

    def work():
        Tag.objects.count()  # leak: orphaned

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_sync_test_with_a_pool():
    """A sync test's pool."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(Tag.objects.count).result()  # leak: orphaned


async def test_pool_submit():
    """A pool that is shut down, whose thread ends with its connection."""

    def work():
        return Tag.objects.count()  # leak: orphaned

    with ThreadPoolExecutor(1) as pool:
        await asyncio.wrap_future(pool.submit(work))


async def test_pool_map():
    """The same by map."""
    with ThreadPoolExecutor(1) as pool:
        list(pool.map(lambda _: Tag.objects.count(), range(3)))  # leak: orphaned


async def test_run_in_executor():
    """The same by the loop."""
    with ThreadPoolExecutor(1) as pool:
        await asyncio.get_running_loop().run_in_executor(pool, Tag.objects.count)  # leak: orphaned


async def test_pool_never_shut_down(kept):
    """A pool that nobody shuts down."""
    pool = ThreadPoolExecutor(1)
    kept.append(pool)
    await asyncio.wrap_future(pool.submit(Tag.objects.count))  # leak: executor never shut down


async def test_pool_dropped():
    """A pool that is dropped, not shut down: its thread ends by itself, unclosed."""
    pool = ThreadPoolExecutor(1)
    await asyncio.wrap_future(pool.submit(Tag.objects.count))  # leak: orphaned


async def test_to_thread():
    """The loop's own pool lives on."""
    await asyncio.to_thread(Tag.objects.count)  # leak: lingering


async def test_to_thread_with_a_function():
    """The line is the function's."""

    def work():
        return Tag.objects.count()  # leak: lingering

    await asyncio.to_thread(work)


async def test_default_executor():
    """The same by run_in_executor(None)."""
    await asyncio.get_running_loop().run_in_executor(None, Tag.objects.count)  # leak: lingering


async def test_gathered():
    """Tasks that no line of the program's runs: the line that makes them is named."""
    await asyncio.gather(
        asyncio.to_thread(Tag.objects.count),  # leak: lingering
    )


async def test_gathered_by_a_loop():
    """The line that makes each coroutine is named."""
    await asyncio.gather(
        *(
            asyncio.to_thread(Tag.objects.count)  # leak: lingering
            for _ in range(1)
        )
    )


async def test_gathered_thread_insensitive():
    """The same with sync_to_async."""
    await asyncio.gather(
        sync_to_async(Tag.objects.count, thread_sensitive=False)(),  # leak: lingering
    )


async def test_task_of_a_thread_call():
    """A task that is made of Django's function alone."""
    task = asyncio.create_task(
        asyncio.to_thread(Tag.objects.exists),  # leak: lingering
    )
    await task


async def test_anyio():
    """anyio's threads are a pool's, and live as long as the loop."""
    await anyio.to_thread.run_sync(Tag.objects.count)  # leak: lingering


async def test_anyio_again():
    """Its second call runs on the thread of the first."""
    await anyio.to_thread.run_sync(count_and_close)
    await anyio.to_thread.run_sync(Tag.objects.count)  # leak: lingering


async def test_anyio_and_a_function():
    """The line is the function's."""

    def work():
        return Tag.objects.count()  # leak: lingering

    await anyio.to_thread.run_sync(work)


@pytest.mark.skipif(find_spec("trio") is None, reason="needs trio")
def test_trio():
    """trio's threads wait for a while, and end unclosed."""
    import trio

    async def main():
        await trio.to_thread.run_sync(Tag.objects.count)  # leak: lingering

    trio.run(main)


@pytest.mark.skipif(find_spec("trio") is None, reason="needs trio")
def test_trio_again():
    """The second call runs on the thread of the first."""
    import trio

    async def main():
        await trio.to_thread.run_sync(count_and_close)
        await trio.to_thread.run_sync(Tag.objects.count)  # leak: lingering

    trio.run(main)


async def test_thread_pool(release):
    """A pool of multiprocessing's threads."""

    def work():
        return Tag.objects.count()  # leak: lingering

    pool = ThreadPool(1)
    release.append(pool.terminate)
    await asyncio.to_thread(pool.apply, work)


async def test_in_a_task():
    """A task of the program's own."""

    async def work():
        await asyncio.to_thread(Tag.objects.count)  # leak: lingering

    await asyncio.create_task(work())


async def test_fresh_context():
    """No context variable travels."""
    await asyncio.to_thread(contextvars.Context().run, Tag.objects.count)  # leak: lingering


async def test_thread_insensitive():
    """sync_to_async with thread_sensitive=False."""
    await sync_to_async(Tag.objects.count, thread_sensitive=False)()  # leak: lingering


async def test_thread_insensitive_on_a_pool():
    """The same on a pool of its own."""
    with ThreadPoolExecutor(1) as pool:
        await sync_to_async(Tag.objects.count, thread_sensitive=False, executor=pool)()  # leak: orphaned


async def test_thread_sensitive_context():
    """A context ends without the signals of a request."""
    async with ThreadSensitiveContext():
        await Tag.objects.acount()  # leak: orphaned


async def test_thread_sensitive_context_and_a_function():
    """The line is the function's."""

    def work():
        return Tag.objects.count()  # leak: orphaned

    async with ThreadSensitiveContext():
        await sync_to_async(work)()


async def test_nested_contexts():
    """A context inside another has the same thread."""
    async with ThreadSensitiveContext():
        await Tag.objects.acount()  # leak: orphaned
        async with ThreadSensitiveContext():
            await Tag.objects.aexists()


async def test_context_never_left(kept):
    """A ThreadSensitiveContext that nobody leaves."""
    context = ThreadSensitiveContext()
    kept.append(context)
    await context.__aenter__()
    await Tag.objects.acount()  # leak: executor never shut down


async def test_async_to_sync_in_a_thread():
    """Async code called from a thread uses that thread's connection."""

    async def inner():
        return await Tag.objects.acount()  # leak: orphaned

    await ended(threading.Thread(target=lambda: async_to_sync(inner)()))


async def test_loop_in_a_thread():
    """A loop of a thread's own, and its pool."""

    async def inner():
        await asyncio.to_thread(Tag.objects.count)  # leak: lingering

    await ended(threading.Thread(target=lambda: asyncio.run(inner())))


async def test_thread_left_running(release):
    """A thread outlives the test."""
    opened, go_on = threading.Event(), threading.Event()

    def work():
        Tag.objects.count()  # leak: lingering
        opened.set()
        go_on.wait(60)

    thread = threading.Thread(target=work)
    release.append(lambda: (go_on.set(), thread.join()))
    thread.start()
    await asyncio.to_thread(opened.wait, 20)


async def test_closed_on_the_wrong_thread():
    """The event loop's thread closes what it does not have."""
    await asyncio.to_thread(Tag.objects.count)  # leak: lingering
    connections.close_all()
    close_old_connections()


async def test_closed_on_asgirefs_thread():
    """And so does asgiref's."""
    with ThreadPoolExecutor(1) as pool:
        await asyncio.wrap_future(pool.submit(Tag.objects.count))  # leak: orphaned
        await sync_to_async(connections.close_all)()


async def test_one_of_two_databases():
    """One is closed, the other is not."""

    def work():
        Tag.objects.count()
        AuditEntry.objects.count()  # leak: orphaned
        connections["default"].close()

    await ended(threading.Thread(target=work))


async def test_two_databases():
    """Neither is closed."""

    def work():
        Tag.objects.count()  # leak: orphaned
        AuditEntry.objects.count()  # leak: orphaned

    await ended(threading.Thread(target=work))


async def test_copy(kept):
    """A copy of a connection is nobody's but the program's."""

    def work():
        twin = connection.copy()
        twin.ensure_connection()  # leak: lingering
        kept.append(twin)

    await sync_to_async(work)()


async def test_copy_dropped():
    """The garbage collector's close is late: until then the server holds it."""

    def work():
        connection.copy().ensure_connection()  # leak: orphaned

    await sync_to_async(work)()
    import gc

    gc.collect()


async def test_deleted_from_the_handler(kept):
    """`del connections[alias]` closes nothing."""

    def work():
        connection.ensure_connection()  # leak: orphaned
        del connections["default"]

    await ended(threading.Thread(target=work))


@pytest.mark.real_only
async def test_handler_of_the_programs_own(kept):
    """A ConnectionHandler of its own has connections of its own."""
    handler = ConnectionHandler(connections.settings)
    kept.append(handler)

    def work():
        handler["default"].ensure_connection()  # leak: lingering

    await sync_to_async(work)()


async def test_cancelled():
    """A task that is cancelled while its thread opens a connection."""
    inside, go_on = threading.Event(), threading.Event()

    def work():
        inside.set()
        go_on.wait(20)
        Tag.objects.count()  # leak: lingering

    task = asyncio.create_task(asyncio.to_thread(work))
    await asyncio.to_thread(inside.wait, 20)
    task.cancel()
    go_on.set()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()


async def test_timed_out():
    """A time-out leaves the thread at its work."""
    inside, go_on = threading.Event(), threading.Event()

    def work():
        inside.set()
        go_on.wait(20)
        Tag.objects.count()  # leak: lingering

    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.to_thread(work), 0.05)
    go_on.set()
    await asyncio.get_running_loop().shutdown_default_executor()


@pytest.mark.locks
async def test_manual_transaction():
    """Autocommit off, and no commit."""

    def work():
        transaction.set_autocommit(False)  # leak: in transaction
        Tag.objects.create(name="uncommitted")

    await ended(threading.Thread(target=work))


@pytest.mark.locks
async def test_block_never_left(kept):
    """An atomic block that is entered and not left."""

    def work():
        block = transaction.atomic()
        block.__enter__()  # leak: in transaction
        Tag.objects.create(name="uncommitted")
        kept.append(block)

    await ended(threading.Thread(target=work))


@pytest.mark.locks
async def test_transaction_on_asgirefs_thread():
    """A transaction left open on the thread that all others share."""

    def work():
        connection.ensure_connection()  # leak: in transaction
        transaction.set_autocommit(False)
        Tag.objects.create(name="uncommitted")

    await sync_to_async(connections.close_all)()
    await sync_to_async(work)()

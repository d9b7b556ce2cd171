"""Transactions of the code under test behave as in production, within the test's own."""

import asyncio
import threading
from importlib.metadata import version

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError
from packaging.version import Version

from sample_app.models import Post, Tag

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]
since_asgiref_38 = pytest.mark.skipif(
    Version(version("asgiref")) < Version("3.8"), reason="tasks below async_to_sync hang before asgiref 3.8"
)


async def test_commit():
    """What an atomic block wrote stays."""

    @transaction.atomic
    def work():
        Tag.objects.create(name="a")

    await sync_to_async(work)()
    assert await Tag.objects.acount() == 1


async def test_roll_back_by_an_error():
    """What an atomic block wrote is gone if it raises; what was before stays."""
    await Tag.objects.acreate(name="before")

    @transaction.atomic
    def work():
        Tag.objects.create(name="inside")
        raise ValueError

    with pytest.raises(ValueError):
        await sync_to_async(work)()
    assert [tag.name async for tag in Tag.objects.all()] == ["before"]


async def test_nested_savepoint():
    """An inner block fails alone."""

    def work():
        with transaction.atomic():
            Tag.objects.create(name="outer")
            with pytest.raises(IntegrityError), transaction.atomic():
                Tag.objects.create(name="inner")
                Tag.objects.create(name="outer")
            Tag.objects.create(name="last")

    await sync_to_async(work)()
    assert sorted([tag.name async for tag in Tag.objects.all()]) == ["last", "outer"]


async def test_explicit_savepoints():
    """Savepoints made by hand."""

    def work():
        with transaction.atomic():
            Tag.objects.create(name="kept")
            sid = connection.savepoint()
            Tag.objects.create(name="dropped")
            connection.savepoint_rollback(sid)
            sid = connection.savepoint()
            Tag.objects.create(name="second")
            connection.savepoint_commit(sid)

    await sync_to_async(work)()
    assert sorted([tag.name async for tag in Tag.objects.all()]) == ["kept", "second"]


async def test_not_in_atomic_block_outside_of_one():
    """Outside atomic the connection is in autocommit."""

    def work():
        inside = []
        outside = (connection.in_atomic_block, connection.get_autocommit())
        with transaction.atomic():
            inside.append(connection.in_atomic_block)
        return outside, inside

    assert await sync_to_async(work)() == ((False, True), [True])


async def test_on_commit_fires_at_the_end_of_the_block():
    """A callback runs when the outermost block ends, not before."""
    fired = []

    def work():
        with transaction.atomic():
            with transaction.atomic():
                transaction.on_commit(lambda: fired.append("committed"))
            assert fired == []
        assert fired == ["committed"]

    await sync_to_async(work)()
    assert fired == ["committed"]


async def test_on_commit_is_dropped_by_a_roll_back():
    """A callback of a block that fails never runs."""
    fired = []

    def work():
        with pytest.raises(ValueError), transaction.atomic():
            transaction.on_commit(lambda: fired.append(1))
            raise ValueError

    await sync_to_async(work)()
    assert fired == []


async def test_on_commit_outside_a_transaction_is_immediate():
    """In autocommit a callback runs at once."""
    fired = []
    await sync_to_async(transaction.on_commit)(lambda: fired.append(1))
    assert fired == [1]


async def test_on_commit_that_writes_elsewhere():
    """A callback may wait for work that another thread does in the database."""

    def callback():
        thread = threading.Thread(target=Tag.objects.create, kwargs={"name": "other thread"})
        thread.start()
        thread.join()

    def work():
        with transaction.atomic():
            Tag.objects.create(name="a")
            transaction.on_commit(callback)

    await sync_to_async(work)()
    assert await Tag.objects.acount() == 2


async def test_durable():
    """A durable block works at the outermost level and is refused inside another."""

    def work():
        with transaction.atomic(durable=True):
            Tag.objects.create(name="a")
        with transaction.atomic(), pytest.raises(RuntimeError), transaction.atomic(durable=True):
            pass

    await sync_to_async(work)()
    assert await Tag.objects.acount() == 1


async def test_select_for_update_needs_a_transaction():
    """A lock outside atomic is refused, inside it works, where the database has locks."""

    def work():
        if not connection.features.has_select_for_update:
            return
        with pytest.raises(TransactionManagementError):
            list(Tag.objects.select_for_update())
        with transaction.atomic():
            list(Tag.objects.select_for_update())

    await sync_to_async(work)()


async def test_select_for_update_in_threads():
    """Threads that lock a row, read it and write it lose no update."""
    post = await Post.objects.acreate(title="p", content="c")

    @transaction.atomic
    def visit():
        locked = Post.objects.select_for_update().get(pk=post.pk)
        locked.views += 1
        locked.save()

    await asyncio.gather(*(asyncio.to_thread(visit) for _ in range(5)))
    await asyncio.gather(*(sync_to_async(visit)() for _ in range(5)))
    await post.arefresh_from_db()
    assert post.views == 10


async def test_select_for_update_nowait_and_skip_locked():
    """The variants of a lock, as far as the database has them, find a row that nobody holds."""
    await Tag.objects.acreate(name="a")

    @transaction.atomic
    def work():
        found = [list(Tag.objects.select_for_update())]
        if connection.features.has_select_for_update_nowait:
            found.append(list(Tag.objects.select_for_update(nowait=True)))
        if connection.features.has_select_for_update_skip_locked:
            found.append(list(Tag.objects.select_for_update(skip_locked=True)))
        return found

    assert {len(rows) for rows in await sync_to_async(work)()} == {1}


async def test_robust_on_commit_callback():
    """A robust callback that fails in the database is logged; the next one runs, and the block's rows stay."""
    fired = []

    def fails():
        Tag.objects.create(name="a")

    def work():
        with transaction.atomic():
            Tag.objects.create(name="a")
            transaction.on_commit(fails, robust=True)
            transaction.on_commit(lambda: fired.append(Tag.objects.count()))

    await sync_to_async(work)()
    assert fired == [1]
    assert await Tag.objects.acount() == 1


async def test_failing_on_commit_callback():
    """A callback that fails raises where the block ends, after the commit."""

    def fails():
        raise ValueError("in the callback")

    def work():
        with transaction.atomic():
            Tag.objects.create(name="a")
            transaction.on_commit(fails)

    with pytest.raises(ValueError, match="in the callback"):
        await sync_to_async(work)()
    assert await Tag.objects.acount() == 1


async def test_on_commit_callback_that_is_async():
    """A callback that goes back to the event loop."""

    def work():
        with transaction.atomic():
            Tag.objects.create(name="a")
            transaction.on_commit(lambda: async_to_sync(Tag.objects.acreate)(name="of the callback"))

    await sync_to_async(work)()
    assert await Tag.objects.acount() == 2


async def test_on_commit_of_an_inner_block_that_fails():
    """A callback of an inner block that was rolled back is dropped, the outer one's runs."""
    fired = []

    def work():
        with transaction.atomic():
            transaction.on_commit(lambda: fired.append("outer"))
            with pytest.raises(ValueError), transaction.atomic():
                transaction.on_commit(lambda: fired.append("inner"))
                raise ValueError

    await sync_to_async(work)()
    assert fired == ["outer"]


@since_asgiref_38
async def test_block_around_async_to_sync():
    """Coroutines that a block runs are part of its transaction."""

    async def inner():
        await Tag.objects.acreate(name="of a coroutine")
        await asyncio.gather(*(Tag.objects.acreate(name=f"t{n}") for n in range(3)))

    @transaction.atomic
    def work():
        async_to_sync(inner)()
        assert Tag.objects.count() == 4
        raise ValueError

    with pytest.raises(ValueError):
        await sync_to_async(work)()
    assert not await Tag.objects.aexists()


async def test_error_inside_atomic_poisons_the_block():
    """After an error inside a block no query runs until it ends."""

    def work():
        Tag.objects.create(name="a")
        with transaction.atomic():
            with pytest.raises(IntegrityError):
                Tag.objects.create(name="a")
            with pytest.raises(TransactionManagementError):
                Tag.objects.count()
            connection.set_rollback(True)
        return Tag.objects.count()

    assert await sync_to_async(work)() == 1


async def test_set_rollback():
    """A block that asks for it is rolled back without an error."""

    def work():
        with transaction.atomic():
            Tag.objects.create(name="a")
            transaction.set_rollback(True)

    await sync_to_async(work)()
    assert await Tag.objects.acount() == 0


async def test_manual_transaction():
    """Autocommit is switched off and on by hand."""

    def work():
        transaction.set_autocommit(False)
        try:
            Tag.objects.create(name="rolled back")
            transaction.rollback()
            Tag.objects.create(name="committed")
            transaction.commit()
        finally:
            transaction.set_autocommit(True)

    await sync_to_async(work)()
    assert [tag.name async for tag in Tag.objects.all()] == ["committed"]


async def test_transactions_of_two_threads():
    """Two threads' transactions follow each other: neither loses rows to the other's roll-back."""
    inside, go_on = threading.Event(), threading.Event()

    def fails():
        with transaction.atomic():
            Tag.objects.create(name="rolled back")
            inside.set()
            go_on.wait(5)
            raise ValueError

    def succeeds():
        with transaction.atomic():
            Tag.objects.create(name="kept")

    first = asyncio.create_task(asyncio.to_thread(fails))
    await asyncio.to_thread(inside.wait, 5)
    second = asyncio.create_task(asyncio.to_thread(succeeds))
    await asyncio.sleep(0)
    go_on.set()
    results = await asyncio.gather(first, second, return_exceptions=True)
    assert isinstance(results[0], ValueError)
    assert [tag.name async for tag in Tag.objects.all()] == ["kept"]


async def test_many_transactions_on_many_threads():
    """Every second transaction fails; exactly the others' rows stay."""

    def work(number):
        with transaction.atomic():
            Tag.objects.create(name=f"t{number}")
            with transaction.atomic():
                Tag.objects.filter(name=f"t{number}").update(name=f"u{number}")
            if number % 2:
                raise ValueError

    await asyncio.gather(*(asyncio.to_thread(work, number) for number in range(12)), return_exceptions=True)
    assert sorted([tag.name async for tag in Tag.objects.all()]) == sorted(f"u{n}" for n in range(0, 12, 2))


async def test_cancelled_in_the_midst_of_a_transaction():
    """A cancelled task's transaction ends on its thread, and the next statement works."""
    inside, go_on = threading.Event(), threading.Event()

    def work():
        with transaction.atomic():
            Tag.objects.create(name="a")
            inside.set()
            go_on.wait(5)

    task = asyncio.create_task(asyncio.to_thread(work))
    await asyncio.to_thread(inside.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    assert await Tag.objects.acount() == 1


async def test_timed_out_transaction():
    """A time-out around a transaction leaves no half of it."""

    def work(stop):
        with transaction.atomic():
            Tag.objects.create(name="a")
            stop.wait(5)
            raise ValueError

    stop = threading.Event()
    task = asyncio.ensure_future(asyncio.to_thread(work, stop))
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.shield(task), 0.05)
    stop.set()
    with pytest.raises(ValueError):
        await task
    assert await Tag.objects.acount() == 0


async def test_thread_that_dies_inside_a_transaction():
    """A thread that never leaves its block loses its rows, and blocks nobody."""

    def work():
        transaction.atomic().__enter__()
        Tag.objects.create(name="never committed")

    thread = threading.Thread(target=work)
    thread.start()
    await asyncio.to_thread(thread.join)
    assert await Tag.objects.acount() == 0


async def test_unfinished_transaction_at_the_end():
    """A transaction that is still open at the end leaves nothing to the next test."""

    def work():
        transaction.atomic().__enter__()
        Tag.objects.create(name="unfinished")

    thread = threading.Thread(target=work)
    thread.start()
    await asyncio.to_thread(thread.join)


async def test_after_the_unfinished_transaction():
    """The next test starts empty."""
    assert await Tag.objects.acount() == 0


@pytest.fixture
def sync_atomic(db):
    with transaction.atomic():
        Tag.objects.create(name="of a fixture's block")
    return None


async def test_atomic_in_a_sync_fixture(sync_atomic):
    """A fixture's finished block is seen by the test."""
    assert await Tag.objects.acount() == 1

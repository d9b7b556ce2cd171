"""Transactions of several threads, and of threads that stop in the middle, behave as in production."""

import asyncio
import threading

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from sample_app.models import Post, Tag

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]


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

"""Callbacks of a transaction run, or are dropped, as in production."""

import threading

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import transaction

from sample_app.models import Tag

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]


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

"""The cache that Django keeps in a database table."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import caches
from django.db import transaction

from sample_app.models import Tag

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]


@pytest.fixture
def cache(db):
    return caches["database"]


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_entry_is_gone_in_the_next_test(cache, turn):
    """The same key is new in two tests."""
    assert await cache.aadd("key", turn)
    assert await cache.aget("key") == turn


async def test_all_methods(cache):
    """Entries are set, counted up, read together and deleted."""
    await cache.aset("a", 1)
    assert await cache.aincr("a") == 2
    await cache.aset_many({"b": 3, "c": 4})
    assert await cache.aget_many(["a", "b", "c"]) == {"a": 2, "b": 3, "c": 4}
    assert await cache.aget_or_set("d", lambda: 5) == 5
    assert await cache.atouch("d", 60)
    assert await cache.adelete("d")
    assert not await cache.ahas_key("d")
    await cache.aclear()
    assert await cache.aget("a") is None


async def test_on_many_threads(cache):
    """Threads set entries at once."""
    await asyncio.gather(*(asyncio.to_thread(caches["database"].set, f"k{n}", n) for n in range(5)))
    assert await cache.aget_many([f"k{n}" for n in range(5)]) == {f"k{n}": n for n in range(5)}


async def test_entry_of_a_failed_transaction(cache):
    """An entry that was set inside a transaction is rolled back with it."""

    def work():
        with transaction.atomic():
            Tag.objects.create(name="a")
            caches["database"].set("inside", 1)
            raise ValueError

    await cache.aset("before", 1)
    with pytest.raises(ValueError):
        await sync_to_async(work)()
    assert await cache.aget_many(["before", "inside"]) == {"before": 1}
    assert not await Tag.objects.aexists()

"""The same under anyio's plugin."""

import threading

import anyio
import anyio.to_thread
import pytest
from asgiref.sync import sync_to_async
from django.db import IntegrityError, connections, transaction
from django.test import AsyncClient

from sample_app.models import AuditEntry, Tag

pytestmark = [pytest.mark.django_db, pytest.mark.anyio]


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def anyio_tag(db):
    return await Tag.objects.acreate(name="from an anyio fixture")


@pytest.fixture
async def yielded_anyio_tag(db):
    tag = await Tag.objects.acreate(name="from an anyio yield fixture")
    yield tag
    await tag.adelete()


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_row_is_gone_in_the_next_test(turn):
    """The same unique name in two tests."""
    await Tag.objects.acreate(name="unique")
    assert await Tag.objects.acount() == 1


async def test_sync_fixture(tag):
    """A sync fixture's row."""
    assert await Tag.objects.aget() == tag


async def test_async_fixture(anyio_tag):
    """An async fixture's row."""
    assert await Tag.objects.aget() == anyio_tag


async def test_async_yield_fixture(yielded_anyio_tag, tag):
    """An async fixture that deletes its row."""
    assert await Tag.objects.acount() == 2


async def test_task_group():
    """Tasks of a task group."""
    async with anyio.create_task_group() as group:
        for number in range(5):
            group.start_soon(create, f"t{number}")
    assert await Tag.objects.acount() == 5


async def create(name):
    await Tag.objects.acreate(name=name)


async def test_to_thread():
    """anyio's worker threads."""
    await anyio.to_thread.run_sync(lambda: Tag.objects.create(name="a"))
    assert await Tag.objects.acount() == 1


async def test_raw_thread():
    """A raw thread."""
    thread = threading.Thread(target=Tag.objects.create, kwargs={"name": "a"})
    thread.start()
    await anyio.to_thread.run_sync(thread.join)
    assert await Tag.objects.acount() == 1


async def test_failed_statement():
    """A failure in autocommit."""
    await Tag.objects.acreate(name="a")
    with pytest.raises(IntegrityError):
        await Tag.objects.acreate(name="a")
    assert await Tag.objects.acount() == 1


async def test_transaction_and_on_commit():
    """A transaction and its callback."""
    fired = []

    def work():
        with transaction.atomic(durable=True):
            Tag.objects.create(name="a")
            transaction.on_commit(lambda: fired.append(1))
        return list(fired)

    assert await sync_to_async(work)() == [1]


async def test_client():
    """Django's async client."""
    assert (await AsyncClient().get("/mixed/")).json() == {"count": 3}


async def test_close_all():
    """close_all on a worker thread."""
    await Tag.objects.acreate(name="a")
    await anyio.to_thread.run_sync(connections.close_all)
    assert await Tag.objects.acount() == 1


async def test_move_on_after():
    """A time-out of anyio's."""
    with anyio.move_on_after(0.01):
        await anyio.sleep_forever()
    await Tag.objects.acreate(name="a")


async def test_forbidden_database():
    """A database that the test did not ask for."""
    with pytest.raises(Exception, match="not allowed"):
        await AuditEntry.objects.acount()


@pytest.mark.xfail(strict=True, raises=ValueError)
async def test_failing(anyio_tag):
    """A failing test leaves nothing."""
    raise ValueError


async def test_after_the_failure():
    """The next one starts empty."""
    assert await Tag.objects.acount() == 0

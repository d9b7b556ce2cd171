"""The suite's main claims under anyio's plugin."""

import threading

import anyio
import anyio.from_thread
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


async def test_fail_after_inside_a_transaction():
    """A time-out of anyio's inside a transaction that its thread completes."""
    inside, go_on = threading.Event(), threading.Event()

    def work():
        with transaction.atomic():
            try:
                Tag.objects.create(name="a")
            finally:
                inside.set()
            assert go_on.wait(5)
            Tag.objects.create(name="b")

    async def start():
        with anyio.CancelScope() as scope:
            scopes.append(scope)
            await anyio.to_thread.run_sync(work, abandon_on_cancel=True)

    scopes = []
    async with anyio.create_task_group() as group:
        group.start_soon(start)
        await anyio.to_thread.run_sync(inside.wait, 5)
        scopes[0].cancel()
    go_on.set()
    assert await Tag.objects.acount() == 2


async def test_from_thread():
    """A worker thread that goes back to the loop."""

    def work():
        Tag.objects.create(name="a")
        return anyio.from_thread.run(Tag.objects.acount)

    assert await anyio.to_thread.run_sync(work) == 1


async def test_portal():
    """An event loop in a thread of its own."""

    def work():
        with anyio.from_thread.start_blocking_portal() as portal:
            portal.call(create, "a")
            return portal.call(Tag.objects.acount)

    assert await anyio.to_thread.run_sync(work) == 1


async def test_task_group_with_a_failing_member():
    """A member's failure ends the group, and the connection serves the next statement."""
    await Tag.objects.acreate(name="taken")
    with pytest.raises(Exception, match="unhandled errors in a TaskGroup"):
        async with anyio.create_task_group() as group:
            for name in ("a", "taken", "b"):
                group.start_soon(create, name)
    assert await Tag.objects.filter(name="taken").acount() == 1


async def test_aiterator_left_early(yielded_anyio_tag):
    """An iterator left early does not block what follows."""
    await Tag.objects.abulk_create([Tag(name=f"t{n}") for n in range(30)])
    async for _ in Tag.objects.aiterator(chunk_size=2):
        break
    assert await Tag.objects.acount() == 31


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

"""Time-outs, cancelled tasks and task groups around transactions: what is committed is whole."""

import asyncio
import sys
import threading

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from sample_app.models import Tag

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]
since_311 = pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio of Python 3.11")


class Pair:
    """Writes two rows in a transaction, and waits between them until it may go on."""

    def __init__(self):
        self.inside, self.go_on = threading.Event(), threading.Event()

    def write(self):
        with transaction.atomic():
            try:
                Tag.objects.create(name="first of two")
            finally:
                self.inside.set()
            assert self.go_on.wait(5)
            Tag.objects.create(name="second of two")


@pytest.fixture
def pair():
    pair = Pair()
    yield pair
    pair.go_on.set()


WAYS = {"to_thread": asyncio.to_thread, "sync_to_async": lambda call: sync_to_async(call)()}


@pytest.mark.parametrize("way", WAYS)
async def test_wait_for_around_a_transaction(pair, way):
    """wait_for gives up inside a transaction; the thread ends it, and both rows are there."""
    call = asyncio.ensure_future(WAYS[way](pair.write))
    await asyncio.to_thread(pair.inside.wait, 5)
    asyncio.get_running_loop().call_later(0.05, pair.go_on.set)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(call, 0.01)
    assert await Tag.objects.acount() == 2


@pytest.mark.parametrize("way", WAYS)
async def test_cancelled_inside_a_transaction(pair, way):
    """A task is cancelled inside a transaction; the thread ends it, and both rows are there."""
    task = asyncio.ensure_future(WAYS[way](pair.write))
    await asyncio.to_thread(pair.inside.wait, 5)
    asyncio.get_running_loop().call_soon(pair.go_on.set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await Tag.objects.acount() == 2


async def test_wait_for_in_the_code_under_test():
    """A retry after a time-out writes once, not twice."""
    inside, go_on = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            try:
                Tag.objects.get_or_create(name="once")
            finally:
                inside.set()
            go_on.wait(5)

    first = asyncio.ensure_future(asyncio.to_thread(slow))
    await asyncio.to_thread(inside.wait, 5)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(first, 0.01)
    go_on.set()
    _, created = await Tag.objects.aget_or_create(name="once")
    assert not created


async def test_cancelled_between_two_statements():
    """A task that is cancelled between two statements has done the first alone."""
    created = asyncio.Event()

    async def work():
        try:
            await Tag.objects.acreate(name="first")
        finally:
            created.set()
        await asyncio.Event().wait()
        await Tag.objects.acreate(name="second")

    task = asyncio.create_task(work())
    await created.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [tag.name async for tag in Tag.objects.all()] == ["first"]


async def test_clean_up_of_a_cancelled_task():
    """A cancelled task cleans up in the database before it ends."""
    created = asyncio.Event()

    async def work():
        try:
            tag = await Tag.objects.acreate(name="temporary")
        finally:
            created.set()
        try:
            await asyncio.Event().wait()
        finally:
            await tag.adelete()

    task = asyncio.create_task(work())
    await created.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not await Tag.objects.aexists()


async def test_cancelled_while_it_waits_for_a_transaction(pair):
    """A task that is cancelled while another thread's transaction keeps it waiting takes no turn from later ones."""
    first = asyncio.ensure_future(asyncio.to_thread(pair.write))
    await asyncio.to_thread(pair.inside.wait, 5)
    second = asyncio.ensure_future(asyncio.to_thread(Tag.objects.create, name="third"))
    await asyncio.sleep(0)
    second.cancel()
    pair.go_on.set()
    await asyncio.gather(first, second, return_exceptions=True)
    assert await Tag.objects.filter(name__endswith="of two").acount() == 2


async def test_shielded_statement():
    """A shielded statement is finished although its task is cancelled."""
    statement = asyncio.ensure_future(Tag.objects.acreate(name="shielded"))

    async def work():
        await asyncio.shield(statement)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await statement
    assert await Tag.objects.acount() == 1


async def test_first_completed(pair):
    """The first of two is taken; the other ends its transaction later."""
    slow = asyncio.ensure_future(asyncio.to_thread(pair.write))
    await asyncio.to_thread(pair.inside.wait, 5)
    asyncio.get_running_loop().call_soon(pair.go_on.set)
    fast = asyncio.ensure_future(Tag.objects.acount())
    done, pending = await asyncio.wait({slow, fast}, return_when=asyncio.FIRST_COMPLETED)
    assert done
    await asyncio.gather(*pending)
    assert await Tag.objects.acount() == 2


@since_311
async def test_task_group_with_a_failing_member(pair):
    """One member fails: the others are cancelled, and a transaction that one of them had begun is whole."""

    async def fails():
        await asyncio.to_thread(pair.inside.wait, 5)
        asyncio.get_running_loop().call_soon(pair.go_on.set)
        raise ValueError("a member of the group")

    with pytest.raises(Exception, match="unhandled errors in a TaskGroup") as caught:
        async with asyncio.TaskGroup() as group:
            group.create_task(Tag.objects.acreate(name="of a member that finished"))
            group.create_task(asyncio.to_thread(pair.write))
            group.create_task(fails())
    assert [type(error) for error in caught.value.exceptions] == [ValueError]
    assert await Tag.objects.filter(name__endswith="of two").acount() == 2


@since_311
async def test_task_group_whose_member_violates_a_constraint():
    """A member's IntegrityError ends the group, and the connection serves the next statement."""
    await Tag.objects.acreate(name="taken")
    with pytest.raises(Exception, match="unhandled errors in a TaskGroup"):
        async with asyncio.TaskGroup() as group:
            for name in ("a", "taken", "b"):
                group.create_task(Tag.objects.acreate(name=name))
    assert await Tag.objects.filter(name="taken").acount() == 1
    await Tag.objects.acreate(name="after")


@since_311
async def test_timeout_block_around_a_transaction(pair):
    """asyncio.timeout ends inside a transaction that the thread completes."""
    call = asyncio.ensure_future(asyncio.to_thread(pair.write))
    await asyncio.to_thread(pair.inside.wait, 5)
    asyncio.get_running_loop().call_later(0.05, pair.go_on.set)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await call
    assert await Tag.objects.acount() == 2

"""Tests that leave work behind do not spoil those that follow."""

import asyncio
import contextlib
import threading

import pytest
import pytest_asyncio
from asgiref.sync import async_to_sync, sync_to_async

from sample_app.models import Tag

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:The test .* ended while work that it started still runs"),
]


async def write_when_released(event):
    await event.wait()
    await Tag.objects.acreate(name="too late")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def left():
    """What an earlier test left running, and how to let it go on."""
    kept = {}
    yield kept
    # The module's loop is closed next, and asgiref would wait for ever for what it has handed to it.
    if "call" in kept:
        await kept["call"]


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_task_left_running(turn, left):
    """A task on the module's loop outlives its test, and writes nothing into the next one."""
    if "task" in left:
        left["event"].set()
        await asyncio.gather(left["task"], return_exceptions=True)
        assert await Tag.objects.acount() == 0
    left["event"] = asyncio.Event()
    left["task"] = asyncio.create_task(write_when_released(left["event"]))
    await asyncio.sleep(0)
    await Tag.objects.acreate(name="of the test")


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_thread_left_running(turn, left):
    """A thread outlives its test, and writes nothing into the next one."""
    if "thread" in left:
        left["go on"].set()
        await asyncio.to_thread(left["thread"].join)
        assert await Tag.objects.acount() == 0
    started, go_on = threading.Event(), threading.Event()

    def work():
        Tag.objects.count()
        started.set()
        go_on.wait(60)
        with contextlib.suppress(Exception):
            Tag.objects.create(name="too late")

    left["go on"], left["thread"] = go_on, threading.Thread(target=work, daemon=True)
    left["thread"].start()
    await asyncio.to_thread(started.wait, 5)
    await Tag.objects.acreate(name="of the test")


async def test_short_task_is_waited_for(left):
    """A task that is about to finish is waited for."""
    left["short task"] = asyncio.ensure_future(Tag.objects.acreate(name="a"))


async def test_after_the_short_task():
    """The work that was waited for leaves nothing to the next test."""
    assert await Tag.objects.acount() == 0


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_call_left_that_goes_back_to_the_loop(turn, left):
    """A call that outlives its test goes back to the loop, which has stopped, and neither hangs nor leaves a row."""
    if "call" in left:
        await left["call"]
        assert await Tag.objects.acount() == 0
    started, go_on = threading.Event(), threading.Event()

    def late():
        started.set()
        go_on.wait(5)
        with contextlib.suppress(Exception):
            async_to_sync(Tag.objects.acreate)(name="late")

    left["call"] = asyncio.ensure_future(sync_to_async(late)())
    await asyncio.to_thread(started.wait, 5)
    threading.Timer(0.1, go_on.set).start()


async def test_thread_that_ends_soon():
    """A thread that is about to finish is waited for."""
    threading.Thread(target=Tag.objects.create, kwargs={"name": "a"}).start()


async def test_after_the_thread():
    """The work that was waited for leaves nothing to the next test."""
    assert await sync_to_async(Tag.objects.count)() == 0

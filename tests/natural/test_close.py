"""Closing connections is what applications do; it costs a test nothing."""

import asyncio
import threading

import pytest
from asgiref.sync import sync_to_async
from django.core import signals
from django.db import close_old_connections, connection, connections, transaction

from sample_app.models import Tag

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]


async def test_close():
    """close() and then a query."""
    await Tag.objects.acreate(name="a")
    await sync_to_async(lambda: connection.close())()
    assert await Tag.objects.acount() == 1


async def test_close_all():
    """connections.close_all() on asgiref's thread."""
    await Tag.objects.acreate(name="a")
    await sync_to_async(connections.close_all)()
    assert await Tag.objects.acount() == 1


async def test_close_old_connections():
    """close_old_connections() as Channels and task queues call it."""
    await Tag.objects.acreate(name="a")
    await sync_to_async(close_old_connections)()
    assert await Tag.objects.acount() == 1


async def test_close_from_the_event_loop_thread():
    """The loop's own thread closes what it has."""
    await Tag.objects.acreate(name="a")
    connections.close_all()
    assert await Tag.objects.acount() == 1


async def test_close_in_a_raw_thread():
    """A worker thread closes its connection at its end, as it should."""

    def work():
        try:
            Tag.objects.create(name="a")
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    await asyncio.to_thread(thread.join)
    assert await Tag.objects.acount() == 1


async def test_close_while_another_thread_is_in_a_transaction():
    """One thread's close() does not touch another's transaction."""
    inside, go_on = threading.Event(), threading.Event()

    def work():
        with transaction.atomic():
            Tag.objects.create(name="a")
            inside.set()
            go_on.wait(5)

    task = asyncio.create_task(asyncio.to_thread(work))
    await asyncio.to_thread(inside.wait, 5)
    await sync_to_async(connections.close_all)()
    go_on.set()
    await task
    assert await Tag.objects.acount() == 1


async def test_close_inside_atomic():
    """A connection closed inside a block loses the block's rows, as in production, unless the database keeps it
    open.
    """

    def work():
        try:
            with transaction.atomic():
                Tag.objects.create(name="lost")
                connection.close()
        except Exception:
            return "refused"
        return Tag.objects.count()

    assert await sync_to_async(work)() in (0, 1, "refused")
    await Tag.objects.acreate(name="after")
    assert await Tag.objects.filter(name="after").aexists()


async def test_request_signals():
    """The signals by which a request closes old connections."""
    await Tag.objects.acreate(name="a")
    await sync_to_async(signals.request_started.send)(sender=None)
    await sync_to_async(signals.request_finished.send)(sender=None)
    assert await Tag.objects.acount() == 1


async def test_is_usable_and_ensure_connection():
    """A health check of the application's."""

    def work():
        connection.ensure_connection()
        return connection.is_usable()

    assert await sync_to_async(work)() is True


async def test_new_connection_after_delete():
    """`del connections[alias]` gives a new connection, with the same rows."""
    await Tag.objects.acreate(name="a")

    def work():
        old = connections["default"]
        del connections["default"]
        assert connections["default"] is not old
        return Tag.objects.count()

    assert await sync_to_async(work)() == 1

"""Programs that look like leaks and are none: requests."""

import asyncio
import os

import corpus_urls
import pytest
from asgiref.sync import sync_to_async
from corpus_requests import Client as Requests
from corpus_requests import fetch, get, served
from django.test import AsyncClient, Client

from sample_app.models import Tag


async def test_request_of_a_sync_view():
    """CONN_MAX_AGE is 0: Django closes at the request's end."""
    assert await get("/sync/") == 200


async def test_request_of_an_async_view():
    """The same with an async view."""
    assert await get("/async/") == 200


async def test_many_requests():
    """Five at once, each on a thread of its own."""
    assert await asyncio.gather(*(get("/async/") for _ in range(5))) == [200] * 5


async def test_request_of_two_databases():
    """Both are closed."""
    assert await get("/two-databases/") == 200


async def test_request_that_fails():
    """An error page without a query."""
    assert await get("/failing/") == 500


async def test_request_that_fails_in_a_transaction():
    """A failure inside atomic."""
    assert await get("/atomic-failing/") == 500


async def test_request_of_a_closing_view():
    """thread_sensitive=False, closed."""
    assert await get("/elsewhere-closed/") == 200


async def test_request_of_a_closing_middleware():
    """A middleware on a pool, closed."""
    assert await get("/closed-by-the-middleware/") == 200


async def test_request_not_found():
    """No view at all."""
    assert await get("/nowhere/") == 404


async def test_request_without_a_query():
    """A request that uses no database."""
    assert await get("/closed-by-the-middleware/") == 200


async def test_streamed_request():
    """Rows read while the response is streamed."""
    await Tag.objects.acreate(name="a")
    await sync_to_async(lambda: None)()
    if os.environ.get("NATURAL_DATABASE", "sqlite-memory") == "sqlite-memory":
        # SQLite locks the table against the context's thread.
        await Tag.objects.all().adelete()
    assert await get("/streamed/") == 200


async def test_disconnected_request():
    """A client that goes away in the middle of a request: Django sends the signal that closes."""
    import django

    if django.VERSION < (5,):
        pytest.skip("Django 4.2 does not listen for a disconnect")
    corpus_urls.reached.clear()
    client = Requests()
    task = asyncio.create_task(client.get("/waiting/"))
    await asyncio.to_thread(corpus_urls.reached.wait, 20)
    client.gone.set()
    await asyncio.wait_for(task, 20)


async def test_served_by_uvicorn():
    """A real server."""
    with served() as url:
        await asyncio.to_thread(fetch, f"{url}/sync/")
        await asyncio.to_thread(fetch, f"{url}/async/")


async def test_async_client():
    """Django's async client, an async view."""
    assert (await AsyncClient().get("/async/")).status_code == 200


async def test_async_client_sync_view():
    """Django's async client, a sync view."""
    assert (await AsyncClient().get("/sync/")).status_code == 200


async def test_async_client_failing():
    """A view that fails."""
    assert (await AsyncClient(raise_request_exception=False).get("/failing/")).status_code == 500


async def test_sync_client_in_a_thread():
    """Django's sync client on asgiref's thread."""
    assert (await sync_to_async(Client().get)("/sync/")).status_code == 200


def test_sync_client():
    """A sync test with the sync client, and an async view."""
    assert Client().get("/async/").status_code == 200


async def test_channels_call():
    """Channels' wrapper closes before and after."""
    db = pytest.importorskip("channels.db")
    await db.database_sync_to_async(Tag.objects.count)()
    await db.database_sync_to_async(Tag.objects.count, thread_sensitive=False)()


async def test_channels_consumer():
    """A consumer."""
    consumer = pytest.importorskip("channels.generic.websocket")
    testing = pytest.importorskip("channels.testing")

    class Counter(consumer.AsyncWebsocketConsumer):
        async def receive(self, text_data=None, bytes_data=None):
            await self.send(str(await Tag.objects.acount()))

    communicator = testing.WebsocketCommunicator(Counter.as_asgi(), "/")
    assert (await communicator.connect())[0]
    await communicator.send_input({"type": "websocket.receive", "text": "hello"})
    assert await communicator.receive_from() == "0"
    await communicator.disconnect()


async def test_response_read_to_its_end():
    """A streamed response that the test reads as a server does."""
    await Tag.objects.abulk_create([Tag(name="a"), Tag(name="b")])
    response = await AsyncClient().get("/streamed/")
    assert [part async for part in response.streaming_content] == [b"a\n", b"b\n"]


async def test_request_by_the_async_client():
    """The async client has no thread of its own."""
    assert (await AsyncClient().get("/async/")).status_code == 200

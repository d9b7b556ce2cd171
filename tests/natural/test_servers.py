"""Servers and consumers of other projects, run in the test's process."""

import asyncio
import json
import threading
import urllib.request

import pytest
from django.core.asgi import get_asgi_application

from sample_app.models import Tag

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]


@pytest.fixture
def served():
    uvicorn = pytest.importorskip("uvicorn")
    config = uvicorn.Config(get_asgi_application(), port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="uvicorn")
    thread.start()
    waiter = threading.Event()
    while not server.started:
        waiter.wait(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def fetch(url, body=None):
    headers = {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as response:
        return json.loads(response.read())


async def test_uvicorn_in_a_thread(tag, served):
    """A server in a thread sees the test's rows and writes into the test's transaction."""
    found = await asyncio.to_thread(fetch, f"{served}/async-tags/", json.dumps({"name": "served"}).encode())
    assert found["names"] == [tag.name, "served"]
    assert await Tag.objects.acount() == 2


async def test_uvicorn_with_a_sync_view(tag, served):
    """The same with a sync view."""
    assert (await asyncio.to_thread(fetch, f"{served}/tags/"))["names"] == [tag.name]


async def test_channels_database_sync_to_async(tag):
    """Channels' wrapper, which closes old connections before and after each call."""
    db = pytest.importorskip("channels.db")
    await db.database_sync_to_async(Tag.objects.create)(name="channels")
    assert await db.database_sync_to_async(Tag.objects.count)() == 2
    assert await Tag.objects.acount() == 2


async def test_channels_consumer(tag):
    """A consumer that counts rows."""
    consumer = pytest.importorskip("channels.generic.websocket")
    testing = pytest.importorskip("channels.testing")

    class Counter(consumer.AsyncWebsocketConsumer):
        async def receive(self, text_data=None, bytes_data=None):
            await Tag.objects.acreate(name=text_data)
            await self.send(str(await Tag.objects.acount()))

    communicator = testing.WebsocketCommunicator(Counter.as_asgi(), "/")
    connected, _ = await communicator.connect()
    assert connected
    await communicator.send_input({"type": "websocket.receive", "text": "hello"})
    assert await communicator.receive_from() == "2"
    await communicator.disconnect()

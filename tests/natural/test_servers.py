"""Servers and consumers of other projects, run in the test's process."""

import asyncio
import json
import threading
import urllib.request
from contextlib import asynccontextmanager

import pytest
import uvicorn
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer
from django.core.asgi import get_asgi_application

from sample_app.models import Tag

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]


@pytest.fixture
def served():
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
    await database_sync_to_async(Tag.objects.create)(name="channels")
    assert await database_sync_to_async(Tag.objects.count)() == 2
    assert await Tag.objects.acount() == 2


class AsyncCounter(AsyncWebsocketConsumer):
    async def receive(self, text_data=None, bytes_data=None):
        await Tag.objects.acreate(name=text_data)
        await self.send(str(await database_sync_to_async(Tag.objects.count)()))


class SyncCounter(WebsocketConsumer):
    def receive(self, text_data=None, bytes_data=None):
        Tag.objects.create(name=text_data)
        self.send(str(Tag.objects.count()))


# Channels' own communicators need daphne; they are asgiref's, with these messages.
@asynccontextmanager
async def talking_to(consumer):
    communicator = ApplicationCommunicator(consumer.as_asgi(), {"type": "websocket", "path": "/", "headers": []})
    await communicator.send_input({"type": "websocket.connect"})
    assert (await communicator.receive_output(5))["type"] == "websocket.accept"
    yield communicator
    await communicator.send_input({"type": "websocket.disconnect", "code": 1000})
    await communicator.wait(5)


@pytest.mark.parametrize("consumer", [AsyncCounter, SyncCounter])
async def test_channels_consumer(tag, consumer):
    """A consumer counts the fixture's row and its own, whether it is sync or async."""
    async with talking_to(consumer) as communicator:
        await communicator.send_input({"type": "websocket.receive", "text": "hello"})
        assert (await communicator.receive_output(5))["text"] == "2"
    assert await Tag.objects.acount() == 2


async def test_two_channels_consumers(tag):
    """Two consumers that talk in turn see each other's rows."""
    async with talking_to(AsyncCounter) as first, talking_to(SyncCounter) as second:
        for communicator, name, expected in ((first, "a", "2"), (second, "b", "3"), (first, "c", "4")):
            await communicator.send_input({"type": "websocket.receive", "text": name})
            assert (await communicator.receive_output(5))["text"] == expected

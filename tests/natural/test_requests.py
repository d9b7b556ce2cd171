"""Requests: Django's test clients, and the real ASGI handler with its threads and signals."""

import asyncio
import json
import threading

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application
from django.test import AsyncClient, Client

from sample_app.models import Tag

pytestmark = [pytest.mark.django_db, pytest.mark.asyncio]


def post(client, path, name):
    return client.post(path, json.dumps({"name": name}), content_type="application/json")


async def test_async_client_and_async_view(tag):
    """The client's request sees the fixture's row and writes one."""
    response = await post(AsyncClient(), "/async-tags/", "new")
    assert response.json()["names"] == ["from a sync fixture", "new"]
    assert await Tag.objects.acount() == 2


async def test_async_client_and_sync_view(tag):
    """The same with a sync view."""
    response = await post(AsyncClient(), "/tags/", "new")
    assert response.json()["names"] == ["from a sync fixture", "new"]
    assert await Tag.objects.acount() == 2


async def test_async_client_fixture(async_client, tag):
    """pytest-django's own client fixture."""
    assert (await async_client.get("/async-tags/")).json()["names"] == [tag.name]


async def test_many_requests_at_once():
    """Requests under gather."""
    client = AsyncClient()
    await asyncio.gather(*(post(client, "/async-tags/", f"t{n}") for n in range(5)))
    assert await Tag.objects.acount() == 5


async def test_view_on_many_threads():
    """A view that uses three ways to the database."""
    assert (await AsyncClient().get("/mixed/")).json() == {"count": 3}


async def test_view_that_fails_in_a_transaction():
    """A view's failed transaction leaves nothing."""
    response = await AsyncClient(raise_request_exception=False).get("/atomic-failure/")
    assert response.status_code == 500
    assert await Tag.objects.acount() == 0


async def test_streamed_response(tag):
    """Rows read while the response is streamed."""
    response = await AsyncClient().get("/streamed/")
    assert b"".join([part async for part in response.streaming_content]).decode() == f"{tag.name}\n"


async def test_sync_client_in_a_thread(tag):
    """Django's sync client, in a thread."""
    response = await sync_to_async(post)(Client(), "/tags/", "new")
    assert response.json()["names"] == [tag.name, "new"]
    assert await Tag.objects.acount() == 2


async def test_sync_client_in_other_threads(tag):
    """Django's sync client in the loop's executor and in a raw thread, with sync and async views."""
    await asyncio.gather(
        asyncio.to_thread(post, Client(), "/tags/", "sync view"),
        asyncio.to_thread(post, Client(), "/async-tags/", "async view"),
    )
    thread = threading.Thread(target=post, args=(Client(), "/tags/", "raw thread"))
    thread.start()
    await asyncio.to_thread(thread.join)
    assert await Tag.objects.acount() == 4


async def test_streamed_response_left_early():
    """A client that reads the first part of a stream and closes it."""
    await Tag.objects.abulk_create([Tag(name=f"t{n:02}") for n in range(30)])
    response = await AsyncClient().get("/streamed-in-chunks/")
    async for part in response.streaming_content:
        assert part == b"t00\n"
        break
    await sync_to_async(response.close)()
    await Tag.objects.acreate(name="after")
    assert await Tag.objects.acount() == 31


async def test_session_and_log_in(django_user_model):
    """Sessions and users across two requests."""
    user = await sync_to_async(django_user_model.objects.create_user)("ada", password="pw")
    client = AsyncClient()
    await sync_to_async(client.force_login)(user)
    assert (await client.get("/counted/")).content == b"1"
    assert (await client.get("/counted/")).content == b"2"


def scope(path, method="GET"):
    return {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"host", b"testserver")], "asgi": {"version": "3.0"}, "http_version": "1.1",
        "server": ("testserver", 80), "client": ("127.0.0.1", 1), "scheme": "http", "root_path": "",
    }  # fmt: skip


async def respond(path, body=b"", method="GET"):
    communicator = ApplicationCommunicator(get_asgi_application(), scope(path, method))
    await communicator.send_input({"type": "http.request", "body": body})
    start = await communicator.receive_output(5)
    body = await communicator.receive_output(5)
    await communicator.wait(5)
    return start["status"], body["body"]


async def test_real_asgi_handler(tag):
    """The real handler, with its request signals and a thread of its own."""
    status, body = await respond("/async-tags/", json.dumps({"name": "asgi"}).encode(), "POST")
    assert (status, json.loads(body)["names"]) == (200, ["asgi", tag.name])
    assert await Tag.objects.acount() == 2


async def test_real_asgi_handler_with_a_sync_view(tag):
    """The same with a sync view."""
    assert json.loads((await respond("/tags/"))[1])["names"] == [tag.name]


@pytest.mark.parametrize("path", ["/streamed/", "/streamed-in-chunks/", "/sync-streamed/"])
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
async def test_stream_of_the_real_asgi_handler(path):
    """A stream read to its end, from async and sync iterators."""
    await Tag.objects.abulk_create([Tag(name=f"t{n:02}") for n in range(30)])
    communicator = ApplicationCommunicator(get_asgi_application(), scope(path))
    await communicator.send_input({"type": "http.request", "body": b""})
    assert (await communicator.receive_output(5))["status"] == 200
    body, more = b"", True
    while more:
        message = await communicator.receive_output(5)
        body, more = body + message.get("body", b""), message.get("more_body", False)
    await communicator.wait(5)
    assert body.decode().split() == [f"t{n:02}" for n in range(30)]


@pytest.mark.parametrize("path", ["/streamed/", "/streamed-in-chunks/", "/sync-streamed/"])
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
async def test_client_of_a_stream_disconnects(path):
    """A client goes away in the middle of a stream; the next statement and the next request work."""
    await Tag.objects.abulk_create([Tag(name=f"t{n:02}") for n in range(30)])
    communicator = ApplicationCommunicator(get_asgi_application(), scope(path))
    await communicator.send_input({"type": "http.request", "body": b""})
    assert (await communicator.receive_output(5))["status"] == 200
    assert (await communicator.receive_output(5))["body"]
    await communicator.send_input({"type": "http.disconnect"})
    await communicator.wait(5)
    await Tag.objects.all().adelete()
    await Tag.objects.acreate(name="after")
    assert json.loads((await respond("/tags/"))[1])["names"] == ["after"]


async def test_real_request_that_fails_in_a_transaction():
    """A view's failed transaction leaves nothing behind the real handler either."""
    status, _ = await respond("/atomic-failure/")
    assert status == 500
    assert await Tag.objects.acount() == 0


async def test_client_disconnects_before_the_response(tag):
    """A client goes away while its view is at work; the next request works."""
    communicator = ApplicationCommunicator(get_asgi_application(), scope("/mixed/"))
    await communicator.send_input({"type": "http.request", "body": b""})
    await communicator.send_input({"type": "http.disconnect"})
    await communicator.wait(5)
    assert tag.name in json.loads((await respond("/tags/"))[1])["names"]


async def test_many_real_requests():
    """Real requests at once, each on a thread of its own."""
    bodies = [json.dumps({"name": f"t{n}"}).encode() for n in range(5)]
    await asyncio.gather(*(respond("/tags/", body, "POST") for body in bodies))
    assert await Tag.objects.acount() == 5

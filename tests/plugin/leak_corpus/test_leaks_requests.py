"""Requests that leave a connection open: the lines are those of the views."""

import asyncio
import os
import threading

import corpus_urls
import pytest
from corpus_requests import Client, fetch, get, kept_open, served
from django.core.signals import request_finished
from django.test import AsyncClient
from django.test import Client as DjangoClient

from sample_app.models import Tag

HAS_POOL = os.environ.get("NATURAL_DATABASE") == "postgresql-pool"
max_age = pytest.mark.skipif(HAS_POOL, reason="Django refuses CONN_MAX_AGE with a pool")


@max_age
async def test_max_age_sync():
    """CONN_MAX_AGE above 0 and a sync view: each request's thread ends with its connection."""
    with kept_open(60):
        assert await get("/sync/") == 200


@max_age
async def test_max_age_async():
    """The same with an async view."""
    with kept_open(60):
        assert await get("/async/") == 200


@max_age
async def test_max_age_for_ever():
    """CONN_MAX_AGE = None."""
    with kept_open(None):
        assert await get("/sync/") == 200


@max_age
async def test_max_age_in_tasks():
    """Three requests at once."""
    with kept_open(60):
        assert await asyncio.gather(*(get("/async/") for _ in range(3))) == [200] * 3


@max_age
async def test_max_age_of_one_database():
    """Only the second database keeps its connection."""
    with kept_open(60, "other"):
        assert await get("/two-databases/") == 200


@max_age
async def test_max_age_uvicorn():
    """The same through uvicorn."""
    with kept_open(60), served() as url:
        await asyncio.to_thread(fetch, f"{url}/sync/")


@max_age
async def test_max_age_disconnect():
    """A client that goes away in the middle of a request."""
    corpus_urls.reached.clear()
    client = Client()
    with kept_open(60):
        task = asyncio.create_task(client.get("/waiting/"))
        await asyncio.to_thread(corpus_urls.reached.wait, 20)
        client.gone.set()
        done, _ = await asyncio.wait([task], timeout=1)
        if not done:
            # Django 4.2 does not listen for a disconnect.
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_cancelled_request():
    """A server that cancels a request's task: Django's signal, which closes, is never sent."""
    corpus_urls.reached.clear()
    task = asyncio.create_task(Client().get("/waiting/"))
    await asyncio.to_thread(corpus_urls.reached.wait, 20)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_view_on_a_pool():
    """A view that looks up with thread_sensitive=False."""
    assert await get("/elsewhere/") == 200


async def test_error_page():
    """Django renders error pages on a thread of the loop's pool, which no request's end reaches."""
    assert await get("/failing-page/") == 500


async def test_middleware():
    """A middleware that uses asyncio.to_thread."""
    assert await get("/left-by-the-middleware/") == 200


async def test_thread_of_a_view():
    """A view that starts a thread."""
    assert await get("/spawning/") == 200


async def test_forgetful_view():
    """A view that forgets an await."""
    assert await get("/forgetful/") == 200


async def test_receiver_after_djangos():
    """A receiver of the last signal that looks something up after Django's has closed."""

    def receiver(**kwargs):
        Tag.objects.count()  # leak: orphaned

    request_finished.connect(receiver, weak=False)
    try:
        assert await get("/sync/") == 200
    finally:
        request_finished.disconnect(receiver)


async def test_request_on_a_thread():
    """The test's client leaves the thread's connection open: no view can help it."""
    response = await asyncio.to_thread(DjangoClient().get, "/sync/")  # leak: lingering
    assert response.status_code == 200


async def test_request_on_a_thread_of_a_function():
    """The same, sent by a function of the test's."""

    def send():
        return DjangoClient().get("/sync/")  # leak: lingering

    assert (await asyncio.to_thread(send)).status_code == 200


async def test_request_on_a_thread_of_its_own():
    """The same on a thread that ends."""

    def send():
        assert DjangoClient().get("/sync/").status_code == 200  # leak: orphaned

    thread = threading.Thread(target=send)
    thread.start()
    await asyncio.to_thread(thread.join)


@pytest.mark.locks
async def test_response_left_early(kept):
    """The test leaves a streamed response: its line is named, not the view's."""
    await Tag.objects.abulk_create([Tag(name="a"), Tag(name="b")])
    response = await AsyncClient().get("/streamed/")
    kept.append(response)
    async for _ in response.streaming_content:  # leak: async generator left open
        break

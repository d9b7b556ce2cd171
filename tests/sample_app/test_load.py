"""Many requests at one time against uvicorn: nothing is lost, nothing doubled, nothing left open.

`SAMPLE_APP_LOAD=2000` for the whole; by default a small part of it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import httpx
import pytest
from django.conf import settings
from django.db import connection
from observer import Observer, open_files
from servers import POOLED, Served, uvicorn, why_not_pooled
from ways import ALONE, together

from sample_app.models import Post
from sample_app.settings import postgresql_pool

# On one worker: a server has so many connections, and no more.
pytestmark = pytest.mark.xdist_group("load")
REQUESTS = int(os.environ.get("SAMPLE_APP_LOAD", "200"))
AT_ONE_TIME = 50
POSTS = 20
# Seconds that one request may take, with so many beside it.
PATIENCE = 60
POOL_SIZE: int = postgresql_pool.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]
Call = tuple[str, str, Any]


@pytest.fixture(params=["as named", "pooled"])
def loaded(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[Served]:
    """A server of this test's own, so that every connection that it has is this load's."""
    if request.param == "pooled" and (reason := why_not_pooled()):
        pytest.skip(reason)
    with uvicorn(POOLED if request.param == "pooled" else settings.SETTINGS_MODULE) as served:
        yield served


async def send_all(url: str, calls: list[Call]) -> list[int]:
    """The status of each. Raises `httpx.TimeoutException` for a request that waits too long."""
    # Not httpx's own queue: there a request's patience runs while it waits for its turn, and the last of many would be
    # out of it whatever the server does.
    turns = asyncio.Semaphore(AT_ONE_TIME)
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, headers=ALONE) as client:

        async def send(method: str, path: str, body: Any) -> httpx.Response:
            async with turns:
                return await client.request(method, path, json=body)

        answers = await together(*(send(*call) for call in calls))
    for answer in answers:
        if answer.status_code >= 400:
            assert answer.json()["error"], answer
    return [answer.status_code for answer in answers]


def left_open(served: Served, observer: Observer) -> int:
    """Connections that the server has to the database, by what the other side says."""
    if connection.vendor == "sqlite":
        return open_files(Path(connection.settings_dict["NAME"]), served.pid)
    return observer.sessions()


def settle(served: Served, observer: Observer, most: int) -> int:
    """What is left open when it is `most`, or after a moment: a request ends after its answer, which nobody is told."""
    deadline = time.monotonic() + 5
    while (found := left_open(served, observer)) > most and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def close_own() -> None:
    """This test's connections are not the server's; those that a pool of this process keeps are none either."""
    connection.close()
    if settings.SETTINGS_MODULE == POOLED:
        connection.close_pool()


def test_nothing_is_lost_under_load(loaded: Served, observer: Observer, users: list[int]) -> None:
    """Increments add up exactly, transfers lose and double no post, and connections return to their baseline."""
    check_load(loaded, observer, users, REQUESTS)


@pytest.mark.parametrize("fault", ["lost_updates", "half_transfers", "left_open"])
def test_a_planted_fault_shows_under_load(fault: str, observer: Observer, users: list[int]) -> None:
    """Lost increments, transfers of a part and connections that nobody closes are each noticed."""
    if fault == "left_open" and connection.vendor == "sqlite":
        pytest.skip("a file that is open is no session: it closes with its thread")
    # Fewer than a server has connections, or this test gets none itself.
    requests = 40 if fault == "left_open" else 100
    with uvicorn(settings.SETTINGS_MODULE, planted=fault) as served, pytest.raises(AssertionError):
        check_load(served, observer, users, requests)


def check_load(loaded: Served, observer: Observer, users: list[int], requests: int) -> None:
    Post.objects.bulk_create(
        Post(title=f"post {number}", content="", author_id=users[number % 2]) for number in range(POSTS)
    )
    there, back = ({"from_user": users[a], "to_user": users[b]} for a, b in ((0, 1), (1, 0)))
    overview = ("GET", f"/posts/overview/?limit={POSTS}", None)
    nowhere = ("POST", "/posts/transfer/", {"from_user": users[0], "to_user": 10**9})
    kinds: list[Call] = [
        overview,
        ("POST", "/posts/transfer/", there),
        ("POST", "/posts/transfer/", back),
        ("GET", "/posts/", None),
        nowhere,
    ]
    calls = [kinds[number % len(kinds)] for number in range(requests)]
    close_own()
    before = left_open(loaded, observer)
    statuses = asyncio.run(send_all(loaded.url, calls))
    by_call = Counter(zip(map(str, calls), statuses, strict=True))
    refused = {call for call, status in by_call if status == 500}
    # SQLite before Django 5.1 cannot wait for a lock after it has read: it refuses, and nothing is half-done.
    assert not refused or (connection.vendor == "sqlite" and django.VERSION < (5, 1)), loaded.log()
    assert by_call[str(nowhere), 400] + by_call[str(nowhere), 500] == requests // len(kinds)
    views = observer.rows("SELECT title, views FROM sample_app_post")
    assert len({title for title, _ in views}) == len(views) == POSTS
    # An overview that failed after it had counted is one that was counted.
    counts = {count for _, count in views}
    assert len(counts) == 1
    counted = counts.pop()
    assert by_call[str(overview), 200] <= counted <= by_call[str(overview), 200] + by_call[str(overview), 500]
    # Every transfer gives all posts to one user: one that took a part only would leave two.
    assert len(set(observer.rows("SELECT author_id FROM sample_app_post"))) == 1
    close_own()
    most = before + (POOL_SIZE if loaded.settings == POOLED else 0)
    assert settle(loaded, observer, most) <= most

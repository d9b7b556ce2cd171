"""The database's connections break in the middle, and come back: errors are answers, and nobody has to restart."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.db import connection
from observer import Observer
from servers import POOLED, Proxy, Served, uvicorn, why_not_pooled
from ways import ALONE, together

from sample_app.models import Post

pytestmark = pytest.mark.xdist_group("load")
ROUNDS = int(os.environ.get("SAMPLE_APP_LOAD", "200")) // 50


@pytest.fixture
def proxy(transactional_db: None) -> Iterator[Proxy]:
    """Between the sample app and its database server."""
    if connection.vendor == "sqlite":
        pytest.skip("an embedded database has no connection that could break")
    found = connection.settings_dict
    proxy = Proxy((found["HOST"], int(found["PORT"])))
    yield proxy
    proxy.close()


@pytest.fixture(params=["as named", "pooled"])
def behind(request: pytest.FixtureRequest, proxy: Proxy) -> Iterator[Served]:
    """The sample app, which reaches its database through the proxy alone."""
    if request.param == "pooled" and (reason := why_not_pooled()):
        pytest.skip(reason)
    with uvicorn(POOLED if request.param == "pooled" else settings.SETTINGS_MODULE, proxy.port) as served:
        yield served


async def ask(client: httpx.AsyncClient, number: int, users: list[int]) -> int:
    """One request; its answer is JSON, whatever happened."""
    method, path, body = (
        ("GET", "/posts/overview/", None),
        ("POST", "/posts/transfer/", {"from_user": users[number % 2], "to_user": users[1 - number % 2]}),
    )[number % 3 == 0]
    answer: Any = await client.request(method, path, json=body)
    assert answer.json(), answer
    return int(answer.status_code)


async def rounds(url: str, users: list[int], proxy: Proxy, tries: int) -> list[Counter[int]]:
    """The statuses while all is well, from when it is cut, and after it was restored."""
    async with httpx.AsyncClient(base_url=url, timeout=60, headers=ALONE) as client:

        async def many(before: Any) -> Counter[int]:
            tasks = [asyncio.ensure_future(ask(client, number, users)) for number in range(50)]
            # In the middle: some have been answered, the others are under way or wait.
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            before()
            return Counter(await together(*tasks))

        well = await many(lambda: None)
        broken = await many(proxy.cut)
        asked = together(*(ask(client, number, users) for number in range(4)))
        statuses, _ = await together(asked, check_every_view_says_so(client))
        down = Counter(statuses)
        proxy.restore()
        for _ in range(tries):
            if await ask(client, 0, users) == 200:
                break
        again = Counter([await ask(client, number, users) for number in range(10)])
    return [well, broken, down, again]


POST: dict[str, Any] = {"title": "a", "content": "b", "comments": [{"content": "c"}]}
FAILING: list[tuple[str, str, Any]] = [
    ("GET", "/posts/", None),
    ("GET", "/posts/1/", None),
    ("PATCH", "/posts/1/", {"title": "a"}),
    ("POST", "/posts/", POST),
    ("POST", "/posts/bulk/", {"posts": [POST, POST]}),
]


async def check_every_view_says_so(client: httpx.AsyncClient) -> None:
    """While the database is away: 500 in JSON, or HTML for the page; and what asks how it is is told that it is not."""
    requests = [*FAILING, ("GET", "/", None), ("GET", "/database/", None)]
    answers = await together(*(client.request(method, path, json=body) for method, path, body in requests))
    *failed, page, database = answers
    assert [(answer.status_code, answer.json()) for answer in failed] == [(500, {"error": "internal error"})] * len(
        FAILING
    )
    assert (page.status_code, b"Server Error" in page.content) == (500, True)
    assert [found["usable"] for found in database.json()["databases"].values()] == [False, False]


def test_a_database_that_breaks_is_an_error_and_then_works_again(
    behind: Served, proxy: Proxy, observer: Observer, users: list[int]
) -> None:
    """5xx with a body while it is away, nothing half-written, and after it is back 200 without a restart."""
    check_recovery(behind, proxy, observer, users)


def test_a_failure_without_a_body_is_noticed(proxy: Proxy, observer: Observer, users: list[int]) -> None:
    """Planted: an error that is answered with an empty page."""
    with (
        uvicorn(settings.SETTINGS_MODULE, proxy.port, planted="bare_errors") as served,
        pytest.raises(json.JSONDecodeError),
    ):
        check_recovery(served, proxy, observer, users)


def check_recovery(behind: Served, proxy: Proxy, observer: Observer, users: list[int]) -> None:
    Post.objects.bulk_create(Post(title=str(number), content="", author_id=users[0]) for number in range(20))
    # A pool tries to connect at growing intervals: until it does, a request waits for its time-out and fails.
    tries = 10 if behind.settings == POOLED else 0
    for _ in range(max(1, ROUNDS // 4)):
        well, broken, down, again = asyncio.run(rounds(behind.url, users, proxy, tries))
        assert well == {200: 50}, behind.log()
        assert broken[200] + broken[500] == 50
        assert broken[500] > 0
        assert down == {500: 4}
        assert again == {200: 10}, behind.log()
    assert proxy.passed > 0
    # Whole transfers and whole increments alone.
    assert len(set(observer.rows("SELECT author_id FROM sample_app_post"))) == 1
    assert len(set(observer.rows("SELECT views FROM sample_app_post"))) == 1
    assert observer.counts() == (20, 0)
    assert observer.value("SELECT COUNT(*) FROM sample_app_post WHERE title = 'a'") == 0

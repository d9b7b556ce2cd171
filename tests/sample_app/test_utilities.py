"""Connections on the right thread, the monitor's figures, and what the command and the admin do."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from observer import Observer

from sample_app.models import AuditEntry, Comment, Post, Tag
from sample_app.utils import async_db
from sample_app.utils.async_db_monitor import DatabaseMonitor, timed


async def is_open() -> bool:
    return await sync_to_async(lambda: connection.connection is not None)()


def test_connections_are_looked_after_on_the_orms_thread(transactional_db: None) -> None:
    """Opened there, closed there; the caller's own thread's stays as it is."""
    connection.ensure_connection()
    mine = connection.connection

    async def main() -> None:
        await sync_to_async(connections.close_all)()
        await async_db.ensure_connection()
        assert await is_open()
        await async_db.close_old_connections()  # CONN_MAX_AGE is 0: it is old
        assert not await is_open()
        async with async_db.fresh_connection():
            assert await is_open()
        assert not await is_open()

        @async_db.with_fresh_connection
        async def work(number: int) -> int:
            assert await is_open()
            return number

        assert await work(7) == 7
        assert not await is_open()

    asyncio.run(main())
    assert connection.connection is mine
    assert connection.is_usable()


@pytest.fixture
def monitor() -> Iterator[DatabaseMonitor]:
    monitor = DatabaseMonitor()
    monitor.install()
    yield monitor
    monitor.uninstall()


def test_the_monitor_counts_every_threads_queries(transactional_db: None, monitor: DatabaseMonitor) -> None:
    """With DEBUG off: the ORM's thread's, those of other threads, and of connections opened later."""

    def elsewhere() -> None:
        Tag.objects.count()
        connections.close_all()

    async def main() -> tuple[int, int]:
        await sync_to_async(connections.close_all)()
        await Tag.objects.acount()
        before = (await monitor.health())["default"]
        await asyncio.gather(*(Tag.objects.acount() for _ in range(3)))
        threads = [threading.Thread(target=elsewhere) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            await asyncio.to_thread(thread.join)
        after = (await monitor.health())["default"]
        assert (after.vendor, after.usable) == (connection.vendor, True)
        assert after.seconds > before.seconds > 0
        return before.queries, after.queries

    before, after = asyncio.run(main())
    # On some databases a connection begins with a query.
    assert after - before >= 5
    assert after - before < 5 + 2 * 8


def test_a_database_that_does_not_answer_is_not_usable(
    transactional_db: None, monitor: DatabaseMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, and not raised."""

    def refuse(self: Any, *_: Any) -> None:
        raise OperationalError("away")

    async def main() -> bool:
        await sync_to_async(connections.close_all)()
        monkeypatch.setattr(type(connections["default"]), "connect", refuse)
        return (await monitor.health())["default"].usable

    assert asyncio.run(main()) is False


def test_a_timed_failure_is_logged_and_raised_again(caplog: pytest.LogCaptureFixture) -> None:
    """And a success is logged with its time."""

    async def good(number: int) -> int:
        return number

    async def bad() -> None:
        raise LookupError("gone")

    with caplog.at_level(logging.INFO, "sample_app"):
        assert asyncio.run(timed("good", good, 7)) == 7
        with pytest.raises(LookupError, match="gone"):
            asyncio.run(timed("bad", bad))
    assert [record.message.split(" 0.")[0] for record in caplog.records] == ["good took", "bad failed after"]
    assert "gone" in caplog.text


def test_seed_adds_as_many_as_asked(observer: Observer) -> None:
    """Again and again, with comments and tags, across its batches; and refuses what is not a number of posts."""
    call_command("seed", "1500", comments=2, stdout=StringIO())
    call_command("seed", "10", comments=0, stdout=StringIO())
    assert observer.counts() == (1510, 3000)
    assert observer.value("SELECT COUNT(DISTINCT title) FROM sample_app_post") == 1510
    assert observer.count("post_tags") == 1510
    with pytest.raises(CommandError, match="from 0 on"):
        call_command("seed", "--", "-1")


def test_the_admin_lists_in_as_many_queries_for_many_as_for_one(
    transactional_db: None,
) -> None:
    """Posts and comments with what they refer to; audit entries from the other database."""
    admin = get_user_model().objects.create_superuser("admin")
    client = Client()
    client.force_login(admin)
    AuditEntry.objects.create(action="seen")
    counts: dict[int, int] = {}
    for size in (1, 20):
        for number in range(size):
            post = Post.objects.create(title=str(number), content="", author=admin)
            Comment.objects.create(post=post, author=admin, content="c")
        counts[size] = 0
        for page in ("post", "comment", "tag", "auditentry"):
            with CaptureQueriesContext(connection) as sent:
                assert client.get(f"/admin/sample_app/{page}/").status_code == 200
            counts[size] += len(sent)
    assert counts[1] == counts[20]

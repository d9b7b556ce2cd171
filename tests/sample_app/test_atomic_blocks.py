"""`async_atomic`, each promise of its docstring."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async
from django.db import OperationalError, connection, connections, transaction
from django.db.transaction import TransactionManagementError
from observer import Observer
from runners import add, count_posts, run_under_async_to_sync
from servers import why_no_pool

from sample_app.models import Post
from sample_app.utils.async_atomic import async_atomic
from sample_app.utils.async_db import close_old_connections
from sample_app.utils.async_transactions import run_atomic

HAS_BLOCKS = "executor" in inspect.signature(ThreadSensitiveContext).parameters
needs_blocks = pytest.mark.skipif(not HAS_BLOCKS, reason="asgiref 3.13 gives a block its own thread")


@needs_blocks
def test_a_block_is_all_or_nothing(run: Any, observer: Observer) -> None:
    """With the rows of the tasks that it started, and nobody else's."""

    async def block_that_fails() -> None:
        async with async_atomic():
            await Post.objects.acreate(title="a", content="")
            await run_atomic(add)
            raise LookupError

    async def main() -> None:
        async with async_atomic():
            await asyncio.gather(*(Post.objects.acreate(title=str(number), content="") for number in range(3)))
        with pytest.raises(LookupError):
            await block_that_fails()
        assert await Post.objects.acount() == 3

    run(main)
    assert observer.count("post") == 3


@needs_blocks
def test_a_block_is_nobody_elses(run: Any, observer: Observer) -> None:
    """Another task's statement, made while the block is open, is committed when the block rolls back."""
    if connection.vendor == "sqlite":
        pytest.skip("an embedded database has one writer at a time: nobody else writes while a block is open")

    async def main() -> None:
        opened, written = asyncio.Event(), asyncio.Event()

        async def other() -> None:
            await opened.wait()
            await Post.objects.acreate(title="other", content="")
            written.set()

        async def block() -> None:
            async with async_atomic():
                await Post.objects.acreate(title="block", content="")
                opened.set()
                await written.wait()
                raise LookupError

        with pytest.raises(LookupError):
            await asyncio.gather(other(), block())

    run(main)
    assert observer.rows("SELECT title FROM sample_app_post") == [("other",)]


@needs_blocks
@pytest.mark.parametrize("where", ["enter", "body", "leave"])
def test_a_cancelled_block_is_whole_and_over(where: str, run: Any, observer: Observer) -> None:
    """Wherever it is cancelled: all or nothing, nothing under way afterwards, and its connection is closed."""
    at, go = threading.Event(), threading.Event()

    def hold() -> None:
        at.set()
        assert go.wait(20)

    async def block() -> None:
        async with async_atomic():
            await Post.objects.acreate(title="a", content="")
            if where == "body":
                await sync_to_async(hold)()
            await sync_to_async(transaction.on_commit)(hold)

    async def main() -> None:
        task = asyncio.ensure_future(block())
        if where == "enter":
            await asyncio.sleep(0)
        else:
            await asyncio.to_thread(at.wait)
        task.cancel()
        await asyncio.sleep(0)
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(count_posts) == (1 if where == "leave" else 0)

    connection.close()
    before = observer.sessions() if connection.vendor != "sqlite" else 0
    run(main)
    connection.close()
    for thread in threading.enumerate():
        if thread.name.startswith("async_atomic"):
            thread.join(20)
            assert not thread.is_alive()
    if connection.vendor != "sqlite" and run is run_under_async_to_sync:
        assert observer.sessions_at_most(before)


@needs_blocks
def test_a_block_is_refused_inside_a_transaction(observer: Observer) -> None:
    """Inside another block, and under `async_to_sync` in a transaction: with nothing sent."""

    async def block() -> None:
        async with async_atomic():
            await Post.objects.acreate(title="a", content="")

    async def nested() -> None:
        async with async_atomic():
            await block()

    with pytest.raises(TransactionManagementError, match="run_atomic"):
        asyncio.run(nested())
    with transaction.atomic(), pytest.raises(TransactionManagementError, match="transaction of default"):
        async_to_sync(block)()
    assert observer.count("post") == 0


@pytest.fixture
def pool_of_three(observer: Observer, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Every connection to the database comes from a pool of three, which is waited for at most a second."""
    if reason := why_no_pool():
        pytest.skip(reason)
    connection.close()
    connection.close_pool()
    options = connection.settings_dict["OPTIONS"]
    monkeypatch.setitem(options, "pool", {"min_size": 0, "max_size": 3, "timeout": 1})
    yield 3
    connection.close()
    connection.close_pool()


async def _ask_and_open_a_block(all_have_asked: Callable[[], Awaitable[None]], *, give_back: bool) -> None:
    async with ThreadSensitiveContext():
        try:
            await Post.objects.acount()
            await all_have_asked()
            if give_back:
                await close_old_connections()
            async with async_atomic():
                await Post.objects.acreate(title="a", content="")
        finally:
            await sync_to_async(connections.close_all)()


def in_so_many_requests(many: int, *, give_back: bool) -> list[Any]:
    async def main() -> list[Any]:
        asked, everybody = 0, asyncio.Event()

        async def all_have_asked() -> None:
            nonlocal asked
            asked += 1
            if asked == many:
                everybody.set()
            await everybody.wait()

        requests = (_ask_and_open_a_block(all_have_asked, give_back=give_back) for _ in range(many))
        return await asyncio.gather(*requests, return_exceptions=True)

    return asyncio.run(main())


@needs_blocks
def test_blocks_share_a_pool_with_their_requests(pool_of_three: int, observer: Observer) -> None:
    """Those that gave theirs back all get a connection; those that keep it wait for each other until the time-out."""
    assert in_so_many_requests(pool_of_three, give_back=True) == [None] * pool_of_three
    assert observer.count("post") == pool_of_three
    errors = in_so_many_requests(pool_of_three, give_back=False)
    # The first to give up makes room for another.
    assert OperationalError in map(type, errors)
    assert observer.count("post") == pool_of_three + errors.count(None)


@pytest.mark.skipif(HAS_BLOCKS, reason="this asgiref gives a block its own thread")
def test_a_block_is_refused_before_asgiref_3_13(observer: Observer) -> None:
    """With the remedy, and before anything is sent."""

    async def main() -> None:
        async with async_atomic():
            add()

    with pytest.raises(RuntimeError, match=r"asgiref 3\.13 .* use run_atomic"):
        asyncio.run(main())
    assert observer.count("post") == 0

"""Generated trees of tasks and threads: each block in them must count the queries below it and no others."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection
from hypothesis import assume
from hypothesis import strategies as st

from pytest_async_orm import record_queries
from pytest_async_orm.frames.context import BELONGS_TO
from pytest_async_orm.patches.process import PROCESS
from sample_app.models import Tag

ASYNC_WAYS = ["await", "gather", "task", "sync_to_async", "insensitive", "to_thread", "executor", "thread"]
SYNC_WAYS = ["call", "executor", "thread", "async_to_sync"]


@dataclass
class Node:
    """Some queries, a block around them if asked, and children that are started in some way."""

    queries: int
    block: bool
    way: int
    children: list[Node]

    @property
    def total(self) -> int:
        return self.queries + sum(child.total for child in self.children)


leaves = st.builds(Node, st.integers(0, 2), st.booleans(), st.integers(0, 7), st.just([]))
trees = st.recursive(
    leaves,
    lambda children: st.builds(
        Node, st.integers(0, 2), st.booleans(), st.integers(0, 7), st.lists(children, min_size=1, max_size=3)
    ),
    max_leaves=7,
)


async def run(node: Node, counts: list[tuple[int, int]]) -> None:
    """Run a tree in tasks; all children at once."""
    if not node.block:
        await inside(node, counts)
        return
    with record_queries() as log:
        await inside(node, counts)
    counts.append((node.total, len(log)))


async def inside(node: Node, counts: list[tuple[int, int]]) -> None:
    for _ in range(node.queries):
        await Tag.objects.acount()
    await asyncio.gather(*(start(child, counts) for child in node.children))


async def start(child: Node, counts: list[tuple[int, int]]) -> None:
    loop = asyncio.get_running_loop()
    match ASYNC_WAYS[child.way % len(ASYNC_WAYS)]:
        case "await" | "gather":
            await run(child, counts)
        case "task":
            await asyncio.create_task(run(child, counts))
        case "sync_to_async":
            await sync_to_async(run_sync)(child, counts)
        case "insensitive":
            await sync_to_async(run_sync, thread_sensitive=False)(child, counts)
        case "to_thread":
            await asyncio.to_thread(run_sync, child, counts)
        case "executor":
            with ThreadPoolExecutor(1) as pool:
                await loop.run_in_executor(pool, run_sync, child, counts)
        case "thread":
            thread = threading.Thread(target=run_sync, args=(child, counts))
            thread.start()
            await loop.run_in_executor(None, thread.join)


def run_sync(node: Node, counts: list[tuple[int, int]]) -> None:
    if not node.block:
        inside_sync(node, counts)
        return
    with record_queries() as log:
        inside_sync(node, counts)
    counts.append((node.total, len(log)))


def inside_sync(node: Node, counts: list[tuple[int, int]]) -> None:
    for _ in range(node.queries):
        Tag.objects.count()
    for child in node.children:
        match SYNC_WAYS[child.way % len(SYNC_WAYS)]:
            case "call":
                run_sync(child, counts)
            case "executor":
                with ThreadPoolExecutor(2) as pool:
                    pool.submit(run_sync, child, counts).result()
            case "thread":
                thread = threading.Thread(target=run_sync, args=(child, counts))
                thread.start()
                thread.join()
            case "async_to_sync":
                async_to_sync(run)(child, counts)


async def check(tree: Node) -> None:
    counts: list[tuple[int, int]] = []
    with record_queries() as log:
        try:
            await run(tree, counts)
        except RuntimeError as error:
            # asgiref 3.6 refuses some nestings of its two bridges.
            assume("would deadlock" not in str(error))
            raise
    assert len(log) == tree.total
    assert all(query.attributed for query in log)
    for expected, found in counts:
        assert found == expected
    nothing_is_left()


def nothing_is_left() -> None:
    assert BELONGS_TO.get() is None
    assert not PROCESS.recordings
    assert connection.execute_wrappers == []


async def overlap() -> None:
    opened, closed = asyncio.Event(), asyncio.Event()
    counts = []

    async def first() -> None:
        with record_queries() as log:
            await Tag.objects.acount()
            await opened.wait()
        counts.append(len(log))
        closed.set()

    async def second() -> None:
        with record_queries() as log:
            opened.set()
            await closed.wait()
            await Tag.objects.acount()
            await Tag.objects.acount()
        counts.append(len(log))

    await asyncio.gather(first(), second())
    assert counts == [1, 2]

"""Each block counts its own queries, whatever tasks and threads send them."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context

import pytest
from asgiref.sync import sync_to_async
from hypothesis import HealthCheck, Phase, given, settings
from task_trees import Node, check, nothing_is_left, overlap, trees

from pytest_async_orm import assert_num_queries, record_queries
from pytest_async_orm.frames import context
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.recording import recording
from pytest_async_orm.recording.recording import Recording
from sample_app.models import Tag

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.allow_connection_leaks(reason="threads that only query, as the subject is their queries"),
]


@pytest.mark.asyncio
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=trees)
async def test_generated_task_trees(tree: Node) -> None:
    """Every block of a generated tree of tasks and threads counts the queries below it and no others."""
    await check(tree)


@pytest.mark.asyncio
async def test_blocks_that_overlap() -> None:
    """Two tasks whose blocks overlap, the first to open being the first to close, leave nothing installed."""
    await overlap()
    await sync_to_async(nothing_is_left)()


@pytest.mark.asyncio
async def test_work_that_outlives_its_block() -> None:
    """A task goes on to count for the next wider block when its own is closed."""
    closed = asyncio.Event()

    async def late() -> None:
        await closed.wait()
        await Tag.objects.acount()

    with record_queries() as outer:
        with record_queries() as inner:
            task = asyncio.create_task(late())
        closed.set()
        await task
    assert (len(outer), len(inner)) == (1, 0)


@pytest.mark.asyncio
async def test_connections_opened_inside() -> None:
    """A connection that a new thread opens inside a block is watched from its first statement."""
    with assert_num_queries(2):
        for _ in range(2):
            thread = threading.Thread(target=Tag.objects.count)
            thread.start()
            await asyncio.to_thread(thread.join)


@pytest.mark.asyncio
async def test_shared_pool() -> None:
    """A pool's thread that one block started does not count another task's calls for it."""
    with ThreadPoolExecutor(1) as pool:
        loop = asyncio.get_running_loop()
        with record_queries() as log:
            await loop.run_in_executor(pool, Tag.objects.count)
            outside = asyncio.Event()
            # The context of a call that belongs to no block.
            await _empty().run(asyncio.ensure_future, foreign(pool, outside))
        assert outside.is_set()
    assert len(log) == 1


def _empty() -> Context:
    return Context()


async def foreign(pool: ThreadPoolExecutor, done: asyncio.Event) -> None:
    await asyncio.get_running_loop().run_in_executor(pool, Tag.objects.count)
    done.set()


@pytest.mark.asyncio
async def test_wide_recording_takes_what_belongs_to_no_block() -> None:
    """The recording of a whole test counts work that nothing attributes, and marks it."""
    wide = Recording(wide=True)
    wide.open()
    try:
        await _empty().run(asyncio.ensure_future, foreign_query())
        await Tag.objects.acount()
    finally:
        wide.close()
    assert [raw.attributed for raw in wide.raw_queries()] == [False, True]


async def foreign_query() -> None:
    await Tag.objects.acount()


@pytest.mark.asyncio
async def test_a_block_is_not_entered_twice_at_once() -> None:
    """One block object cannot be open twice: entering it again says what to do."""
    block = record_queries()
    with block:
        with pytest.raises(RuntimeError, match="make another one for each task"):
            block.__enter__()
        await Tag.objects.acount()
    with block as again:
        pass
    assert len(again) == 0


def one_recorder_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a recorder in a module's global does."""

    class Global:
        value: Recording | None = None

        def get(self) -> Recording | None:
            return self.value

        def set(self, value: Recording | None) -> Recording | None:
            before, self.value = self.value, value
            return before

        reset = set  # noqa: A003

    variable = Global()
    monkeypatch.setattr(recording, "BELONGS_TO", variable)
    monkeypatch.setattr(recording, "belonging", lambda: variable.value)


def threads_carry_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PROCESS, "started", {})
    monkeypatch.setattr(context, "_is_worker", lambda thread, starter: True)


def pools_carry_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "_is_asgirefs", lambda fn: True)


def blocks_do_not_nest(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Recording.open

    def open_(self: Recording) -> None:
        original(self)
        self.parent = None

    monkeypatch.setattr(Recording, "open", open_)


@pytest.mark.planted
@pytest.mark.parametrize("plant", [threads_carry_nothing, pools_carry_nothing, blocks_do_not_nest])
@pytest.mark.async_orm_sandbox("all")
def test_planted_fault_is_caught(plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorder with a fault fails the same exploration."""
    with record_queries():
        pass
    plant(monkeypatch)

    @settings(
        max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None,
        phases=[Phase.generate],
    )  # fmt: skip
    @given(tree=trees)
    def explore(tree: Node) -> None:
        asyncio.run(check(tree))

    with pytest.raises(AssertionError):
        explore()


@pytest.mark.planted
@pytest.mark.async_orm_sandbox("all")
def test_one_recorder_for_all_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorder in a global fails where two blocks overlap."""
    with record_queries():
        pass
    one_recorder_for_all(monkeypatch)
    with pytest.raises(AssertionError, match="assert"):
        asyncio.run(overlap())

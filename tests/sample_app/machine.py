"""A model of the transaction utilities, and batches of tasks that are compared with it.

The tasks of a batch run at one time. What they leave must be what those that succeeded leave in some order, one after
the other; those that failed or were cancelled leave nothing.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async
from django.contrib.auth import get_user_model
from django.db import OperationalError, connections
from fates import Fate, Injected
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from observer import Observer

from sample_app.models import Comment, Post
from sample_app.utils import async_atomic, async_queries, async_transactions
from sample_app.utils.async_transactions import NewComment, NewPost, UnknownUser

USERS = ("ada", "grace", "edsger")
NOBODY = 10**9
# For each title its author and views.
State = dict[str, tuple[int | None, int]]


@dataclass(frozen=True)
class Job:
    """One use of a utility: what it does, and what it does to the model."""

    name: str
    work: Callable[[], Awaitable[Any]]
    effect: Callable[[State], State]
    titles: tuple[str, ...] = ()


def create(titles: list[str], author: int) -> Job:
    async def work() -> None:
        await async_transactions.bulk_create_posts(
            [NewPost(title, "", author=author, comments=[NewComment("c")]) for title in titles]
        )

    return Job("create", work, lambda state: state | dict.fromkeys(titles, (author, 0)), tuple(titles))


def transfer(giver: int, receiver: int) -> Job:
    async def work() -> None:
        await async_transactions.transfer_posts(giver, receiver)

    def effect(state: State) -> State:
        return {title: (receiver if who == giver else who, views) for title, (who, views) in state.items()}

    return Job("transfer", work, effect, (str(giver), str(receiver)))


def increment(keys: dict[str, int]) -> Job:
    async def work() -> None:
        await async_queries.increment_views(list(keys.values()))

    def effect(state: State) -> State:
        return {title: (who, views + (title in keys)) for title, (who, views) in state.items()}

    return Job("increment", work, effect, tuple(sorted(keys)))


def block(titles: list[str], author: int) -> Job:
    """Rows created one by one in an `async_atomic` block, between which other tasks have their turn."""

    async def work() -> None:
        async with async_atomic.async_atomic():
            for title in titles:
                await Post.objects.acreate(title=title, content="", author_id=author)
                await asyncio.sleep(0)

    return Job("block", work, lambda state: state | dict.fromkeys(titles, (author, 0)), tuple(titles))


# What it does, to whom, how many rows, what happens at which statement, and whether it is a request.
TASKS = st.tuples(
    st.sampled_from(["create", "transfer", "increment", "block", "block", "unknown"]),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
    st.integers(1, 3),
    st.tuples(st.sampled_from(["succeeds", "fails", "cancelled"]), st.integers(0, 3)),
    st.booleans(),
)


class Transactions(RuleBasedStateMachine):
    """Batches of tasks on the utilities. `blocks` is False where asgiref cannot give a block its thread."""

    blocks = True

    def __init__(self) -> None:
        super().__init__()
        self._titles = (f"post {number}" for number in itertools.count())
        self._state: State = {}
        self._comments = 0
        self._observer = Observer()

    @initialize()
    def empty(self) -> None:
        for model in (Comment, Post, get_user_model()):
            model.objects.all().delete()
        self._users = [get_user_model().objects.create_user(name).pk for name in USERS]

    @rule(tasks=st.lists(TASKS, min_size=2, max_size=4), nested=st.booleans())
    def run(self, tasks: list[tuple[str, tuple[int, int], int, tuple[str, int], bool]], nested: bool) -> None:
        """Run them at one time, under `asyncio.run` or `async_to_sync`, and look at what they left."""
        batch = [(self._job(kind, who, size), Fate(*fate), request) for kind, who, size, fate, request in tasks]
        main = partial(_together, batch)
        errors = async_to_sync(_awaiting(main))() if nested else asyncio.run(main())
        done = [job for (job, fate, _), error in zip(batch, errors, strict=True) if _succeeded(job, fate, error)]
        possible = [_after(self._state, order) for order in itertools.permutations(done)]
        observed = self._committed()
        assert observed in possible, (possible, observed, list(zip(batch, errors, strict=True)))
        self._comments += sum(len(job.titles) for job in done if job.name == "create")
        assert self._observer.count("comment") == self._comments
        self._state = observed

    def teardown(self) -> None:
        self._observer.close()

    def _job(self, kind: str, who: tuple[int, int], size: int) -> Job:
        first, second = (self._users[position] for position in who)
        titles = [next(self._titles) for _ in range(size)]
        if kind == "block" and self.blocks:
            return block(titles, first)
        if kind == "transfer":
            return transfer(first, second)
        if kind == "unknown":
            return transfer(first, NOBODY)
        if kind == "increment":
            return increment(dict(self._observer.rows("SELECT title, id FROM sample_app_post")))
        return create(titles, first)

    def _committed(self) -> State:
        rows = self._observer.rows("SELECT title, author_id, views FROM sample_app_post")
        assert len({title for title, *_ in rows}) == len(rows), "a post was doubled"
        return {title: (author, views) for title, author, views in rows}


async def _together(batch: Iterable[tuple[Job, Fate, bool]]) -> list[Any]:
    tasks = [asyncio.ensure_future(_one(*each)) for each in batch]
    return await asyncio.gather(*tasks, return_exceptions=True)


async def _one(job: Job, fate: Fate, in_a_request: bool) -> Any:
    if not in_a_request:
        return await fate.around(job.work)
    async with ThreadSensitiveContext():
        try:
            return await fate.around(job.work)
        finally:
            await sync_to_async(connections.close_all)()


def _awaiting(function: Callable[[], Awaitable[Any]]) -> Callable[[], Any]:
    async def main() -> Any:
        return await function()

    return main


def _succeeded(job: Job, fate: Fate, error: BaseException | None) -> bool:
    """Whether its effect must be there; an error must be one that was to come, or the database's refusal to wait."""
    if error is None:
        assert not fate.met, (job, fate)
        return True
    expected = {"fails": Injected, "cancelled": asyncio.CancelledError}.get(fate.kind if fate.met else "")
    # SQLite before Django 5.1 cannot wait for a lock after it has read; the others may choose a deadlock's victim.
    allowed = (OperationalError, UnknownUser, *([expected] if expected else []))
    assert isinstance(error, allowed), (job, fate, error)
    return False


def _after(state: State, order: Iterable[Job]) -> State:
    for job in order:
        state = job.effect(state)
    return state

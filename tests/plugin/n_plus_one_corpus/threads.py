"""Positive: the repeated query runs in other threads."""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async

from n_plus_one_corpus.program import positive
from n_plus_one_corpus.rows import TITLES, USERNAMES, User
from sample_app.models import Post


@positive(statements=10, remedy="in_bulk")
async def to_thread() -> list[str]:
    """A thread of asyncio's pool for each row."""

    def joined(username: str) -> str:
        user = User.objects.get(username=username)  # query
        return user.date_joined.isoformat()

    dates = []
    for username in USERNAMES:  # loop
        dates.append(await asyncio.to_thread(joined, username))
    return dates


@positive(statements=10, remedy="in_bulk")
async def gather_of_to_thread() -> list[User]:
    """The same, all at once, with no function of the user's own in the thread."""
    get = User.objects.get
    return await asyncio.gather(*[asyncio.to_thread(get, username=name) for name in USERNAMES])  # query # loop


@positive(statements=10, remedy="in_bulk")
async def not_thread_sensitive() -> list[User]:
    """`thread_sensitive=False` takes a thread of the loop's pool."""

    def load(username: str) -> User:
        return User.objects.get(username=username)  # query

    users = []
    for username in USERNAMES:  # loop
        users.append(await sync_to_async(load, thread_sensitive=False)(username))
    return users


@positive(statements=11, remedy='select_related("author")')
async def database_sync_to_async_of_channels() -> list[str]:
    """Channels' own wrapper, as in a consumer."""

    @database_sync_to_async
    def byline(post: Post) -> str:
        return f"by {post.author.username}"  # query

    bylines = []
    async for post in Post.objects.all():  # loop
        bylines.append(await byline(post))
    return bylines


@positive(statements=10)
async def map_of_an_executor() -> list[str]:
    """An executor of the project's own, whose threads are handed the context."""

    def content(title: str) -> str:
        return Post.objects.get(title=title).content  # query

    def contents() -> list[str]:
        contexts = [contextvars.copy_context() for _ in TITLES]
        with ThreadPoolExecutor(2) as executor:
            return list(executor.map(lambda context, title: context.run(content, title), contexts, TITLES))  # loop?

    return await asyncio.to_thread(contents)


@positive(statements=10)
async def submits_to_an_executor() -> list[bool]:
    """A loop submits one call for each name."""

    def active(username: str) -> bool:
        return User.objects.filter(username=username, is_active=True).exists()  # query

    with ThreadPoolExecutor(2) as executor:
        futures = []
        for name in USERNAMES:  # loop
            futures.append(executor.submit(contextvars.copy_context().run, active, name))
        return await asyncio.gather(*map(asyncio.wrap_future, futures))

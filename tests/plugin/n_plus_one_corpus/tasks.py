"""Positive: the repeated query runs in many tasks; the loop is where they are made."""

from __future__ import annotations

import asyncio
import sys

from n_plus_one_corpus.program import positive
from n_plus_one_corpus.rows import TITLES, USERNAMES, User
from sample_app.models import Post


@positive(statements=10)
async def gather_over_aget() -> list[Post]:
    """The tasks are the calls of Django themselves: no line of the user's runs inside them."""
    return await asyncio.gather(*[Post.objects.aget(title=title) for title in TITLES])  # query # loop


@positive(statements=11, remedy="in_bulk")
async def gather_over_helper() -> list[str]:
    """The query is in a coroutine function, the comprehension makes a coroutine of it for each row."""

    async def author_name(post: Post) -> str:
        author = await User.objects.aget(pk=post.author_id)  # query
        return author.username

    posts = [post async for post in Post.objects.all()]
    return await asyncio.gather(*(author_name(post) for post in posts))  # loop


@positive(statements=10)
async def gather_behind_a_semaphore() -> list[bool]:
    """Two at a time are N+1 as well."""
    gate = asyncio.Semaphore(2)

    async def exists(username: str) -> bool:
        async with gate:
            return await User.objects.filter(username=username).aexists()  # query

    coroutines = [exists(username) for username in USERNAMES]  # loop
    return await asyncio.gather(*coroutines)


@positive(statements=10)
async def tasks_in_a_loop() -> list[int]:
    """Tasks are made in one loop and awaited in another."""

    async def comments_of(title: str) -> int:
        post = Post.objects.filter(title=title)
        return await post.acount()  # query

    tasks = []
    for title in TITLES:  # loop
        tasks.append(asyncio.create_task(comments_of(title)))
    return [await task for task in tasks]


@positive(statements=10, remedy="in_bulk")
async def as_completed() -> list[str]:
    """The loop over `as_completed` takes the results; the comprehension before it made the calls."""

    async def user(username: str) -> User:
        return await User.objects.aget(username=username)  # query

    coming = [user(username) for username in USERNAMES]  # loop
    names = []
    for finished in asyncio.as_completed(coming):
        names.append((await finished).username)
    return names


@positive(statements=10, remedy="in_bulk")
async def workers_of_a_queue() -> list[str]:
    """Two workers that loop over a queue."""
    queue: asyncio.Queue[str] = asyncio.Queue()
    for username in USERNAMES:
        queue.put_nowait(username)
    found = []

    async def work() -> None:
        while not queue.empty():  # loop
            username = queue.get_nowait()
            user = await User.objects.aget(username=username)  # query
            found.append(user.username)

    await asyncio.gather(work(), work())
    return found


if sys.version_info >= (3, 11):

    @positive(statements=11, remedy="in_bulk")
    async def task_group() -> list[str]:
        """A task of a group for each row."""
        names = []

        async def name_author(post: Post) -> None:
            author = await User.objects.aget(pk=post.author_id)  # query
            names.append(author.username)

        posts = [post async for post in Post.objects.all()]
        async with asyncio.TaskGroup() as group:
            for post in posts:  # loop
                group.create_task(name_author(post))
        return names

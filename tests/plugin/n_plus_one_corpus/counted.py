"""Negative: repeated, but not in a loop, or not often enough, or not the same, or not a read."""

from __future__ import annotations

import asyncio
import functools

from asgiref.sync import sync_to_async
from django.contrib.contenttypes.models import ContentType
from django.core.paginator import Paginator
from django.db import transaction

from n_plus_one_corpus.program import negative
from n_plus_one_corpus.rows import NAMES, USERNAMES, User
from n_plus_one_corpus.services import count_of_users, posts_of
from sample_app.models import AuditEntry, Comment, Post, Tag


@negative(statements=2)
async def twice() -> list[User]:
    """Two turns are as many as the threshold allows."""
    return [await User.objects.aget(username=name) for name in USERNAMES[:2]]


@negative(statements=5, threshold=5)
async def exactly_the_threshold() -> list[User]:
    """Five turns, and a threshold of five."""
    return [await User.objects.aget(username=name) for name in USERNAMES[:5]]


@negative(statements=4)
async def same_query_on_four_lines() -> int:
    """The same query four times, but no loop: four lines."""
    total = await Tag.objects.acount()
    total += await Tag.objects.acount()
    total += await Tag.objects.acount()
    total += await Tag.objects.acount()
    return total


@negative(statements=4)
async def different_queries_in_a_loop() -> list[int]:
    """One line, but a table of its own in each turn."""
    return [await model.objects.acount() for model in (Post, Comment, Tag, AuditEntry)]


@negative(statements=4)
async def different_queries_gathered() -> list[object]:
    """Four tasks with four queries."""
    return await asyncio.gather(
        Post.objects.acount(),
        Tag.objects.afirst(),
        User.objects.filter(is_active=True).aexists(),
        Comment.objects.alast(),
    )


@negative(statements=2)
async def two_tasks_with_one_each() -> list[User]:
    """Two tasks that run the same line once each."""

    async def user(username: str) -> User:
        return await User.objects.aget(username=username)

    return await asyncio.gather(user(USERNAMES[0]), user(USERNAMES[1]))


@negative(statements=4)
def helper_from_two_places() -> int:
    """A helper that is called twice from each of two loops: neither exceeds the threshold."""
    total = 0
    for _ in range(2):
        total += count_of_users()
    for _ in range(2):
        total -= count_of_users()
    return total


@negative(statements=3)
def helper_from_three_lines() -> list[Post]:
    """A helper that is called on three lines, without a loop."""
    first = posts_of(USERNAMES[0])
    second = posts_of(USERNAMES[1])
    third = posts_of(USERNAMES[2])
    return [*first, *second, *third]


@negative(statements=2)
async def one_page() -> list[str]:
    """A paginator counts once and asks for one page."""

    def titles() -> list[str]:
        page = Paginator(Post.objects.order_by("pk"), 5).page(2)
        return [post.title for post in page]

    return await sync_to_async(titles)()


@negative(statements=1)
def loop_without_queries() -> list[Post]:
    """Querysets are made in a loop and never evaluated; one is counted."""
    querysets = [Post.objects.filter(author__username=name) for name in USERNAMES]
    return [querysets[0].count()] * len(querysets)


@negative(statements=1)
def remembered() -> int:
    """A cached function is asked ten times and queries once."""

    @functools.cache
    def users() -> int:
        return User.objects.count()

    return sum(users() for _ in range(10))


@negative(statements=1)
def content_types_from_their_cache() -> list[ContentType]:
    """Django keeps content types: ten calls, no query; the loop's rows are the one."""
    return [ContentType.objects.get_for_model(post) for post in Post.objects.all()]


@negative(statements=2)
async def refreshed_once() -> Post:
    """A row and its refresh."""
    post = await Post.objects.afirst()
    await post.arefresh_from_db()
    return post


@negative(statements=11)
async def asave_in_a_loop() -> None:
    """Updates, one by one: writes."""
    async for post in Post.objects.all():
        post.views += 1
        await post.asave(update_fields=["views"])


@negative(statements=10)
async def acreate_in_a_loop() -> None:
    """Inserts, one by one: writes."""
    for name in NAMES:
        await Tag.objects.acreate(name=name.upper())


@negative(statements=10)
async def aupdate_in_a_loop() -> None:
    """Updates through querysets, one by one: writes."""
    for name in USERNAMES:
        await User.objects.filter(username=name).aupdate(first_name=name)


@negative(statements=10)
def savepoints_in_a_loop() -> None:
    """A savepoint around each write of an import."""
    with transaction.atomic():
        for name in NAMES:
            with transaction.atomic():
                Tag.objects.create(name=name.upper())


@negative(statements=0)
def empty_savepoints() -> None:
    """Savepoints with nothing in them, of one fingerprint but for their names."""
    with transaction.atomic():
        for _ in range(10):
            with transaction.atomic():
                pass

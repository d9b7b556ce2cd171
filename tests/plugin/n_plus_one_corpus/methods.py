"""Positive: other calls of Django than `get` and related objects, one for each row."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.db import connection, models

from n_plus_one_corpus.program import positive
from n_plus_one_corpus.rows import TITLES, User
from sample_app.models import AuditEntry, Comment, Post


@positive(statements=11)
async def count_of_each() -> list[int]:
    """`acount` of related objects; `annotate(Count(...))` would do."""
    counts = []
    async for post in Post.objects.all():  # loop
        counts.append(await post.comments.acount())  # query
    return counts


@positive(statements=11)
async def exists_for_each() -> list[Post]:
    """`aexists` as a condition."""
    return [post async for post in Post.objects.all() if await post.comments.aexists()]  # query # loop


@positive(statements=11)
async def first_of_each() -> list[Comment | None]:
    """`afirst` of related objects."""
    firsts = []
    async for post in Post.objects.all():  # loop
        firsts.append(await post.comments.afirst())  # query
    return firsts


@positive(statements=11)
async def last_of_each() -> list[Comment | None]:
    """`alast` of related objects."""
    lasts = []
    async for post in Post.objects.all():  # loop
        last = await Comment.objects.filter(post=post).alast()  # query
        lasts.append(last)
    return lasts


@positive(statements=11)
async def aggregate_of_each() -> list[int]:
    """`aaggregate` of related objects."""
    newest = []
    async for post in Post.objects.all():  # loop
        found = await post.comments.aaggregate(newest=models.Max("pk"))  # query
        newest.append(found["newest"])
    return newest


@positive(statements=11)
def values_and_then_get() -> list[str]:
    """Rows as dictionaries, and a query for what one of their keys means."""
    names = []
    for row in Post.objects.values("pk", "author_id"):  # loop
        author = User.objects.values("username").get(pk=row["author_id"])  # query
        names.append(author["username"])
    return names


@positive(statements=11)
def only_and_then_more() -> int:
    """A field that `only` left out is loaded row by row."""
    total = 0
    for post in Post.objects.only("title"):  # loop
        total += len(post.content)  # query
    return total


@positive(statements=11)
async def deferred_field() -> int:
    """A field that `defer` left out, read in a thread."""

    def length() -> int:
        return sum(len(post.content) for post in Post.objects.defer("content"))  # query # loop

    return await sync_to_async(length)()


@positive(statements=11)
async def refreshed_one_by_one() -> list[Post]:
    """`arefresh_from_db` of each row."""
    posts = [post async for post in Post.objects.all()]
    for post in posts:  # loop
        await post.arefresh_from_db()  # query
    return posts


@positive(statements=11)
def raw_in_a_loop() -> list[str]:
    """`raw` for each row."""
    contents = []
    for post in Post.objects.only("pk"):  # loop
        [comment, *_] = Comment.objects.raw("SELECT * FROM sample_app_comment WHERE post_id = %s", [post.pk])  # query
        contents.append(comment.content)
    return contents


@positive(statements=10)
async def cursor_in_a_loop() -> list[int]:
    """A cursor's own `execute` for each title."""

    def views() -> list[int]:
        found = []
        with connection.cursor() as cursor:
            for title in TITLES:  # loop
                cursor.execute("SELECT views FROM sample_app_post WHERE title = %s", [title])  # query
                found.append(cursor.fetchone()[0])
        return found

    return await sync_to_async(views)()


@positive(statements=11)
async def second_database() -> list[bool]:
    """The loop is over rows of one database, the queries go to the other."""
    found = []
    async for post in Post.objects.all():  # loop
        found.append(await AuditEntry.objects.filter(action=post.title).aexists())  # query
    return found


@positive(statements=11, remedy="in_bulk")
async def in_bulk_of_one() -> list[User]:
    """`ain_bulk` with one key, called for each row instead of once for all."""
    authors = []
    async for post in Post.objects.all():  # loop
        found = await User.objects.ain_bulk([post.author_id])  # query
        authors += found.values()
    return authors

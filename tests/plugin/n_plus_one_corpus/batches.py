"""Negative: many statements of one fingerprint, because Django or the user works in batches."""

from __future__ import annotations

import django
from asgiref.sync import sync_to_async
from django.db import connection, transaction

from n_plus_one_corpus.program import negative
from n_plus_one_corpus.rows import NAMES, User
from sample_app.models import Comment, Post, Tag


@negative(statements=2)
async def in_bulk() -> list[str]:
    """All authors of a page in one query."""
    keys = [key async for key in Post.objects.values_list("author_id", flat=True)]
    return [author.username for author in (await User.objects.ain_bulk(keys)).values()]


@negative(statements=5, parameters=200)
async def in_bulk_in_batches() -> int:
    """A thousand keys, of which a statement takes two hundred."""
    return len(await Post.objects.ain_bulk(range(1, 1001)))


@negative(statements=5)
async def bulk_create_in_batches() -> list[Tag]:
    """Fifty rows, ten for each statement."""
    return await Tag.objects.abulk_create([Tag(name=f"new {number}") for number in range(50)], batch_size=10)


@negative(statements=6)
async def bulk_update_in_batches() -> int:
    """Ten rows, two for each statement."""
    posts = [post async for post in Post.objects.all()]
    for post in posts:
        post.views += 1
    return await Post.objects.abulk_update(posts, ["views"], batch_size=2)


@negative(statements=6)
def chunks_with_prefetch_in_sync_code() -> int:
    """`iterator` prefetches for each chunk of two rows."""
    total = 0
    for post in Post.objects.prefetch_related("comments").iterator(chunk_size=2):
        total += len(post.comments.all())
    return total


@negative(statements=1)
async def chunks() -> int:
    """One statement, whose rows come in five chunks."""
    return sum([len(post.title) async for post in Post.objects.aiterator(chunk_size=2)])


@negative(statements=18, parameters=2)
def delete_with_cascades() -> int:
    """The collector asks for rows of a child model in batches, and deletes in as many."""
    deleted, _ = Post.objects.all().delete()
    return deleted


@negative(statements=8)
async def delete_many() -> int:
    """Rows of one model, deleted with what hangs on them."""
    deleted, _ = await User.objects.filter(username__startswith="writer").adelete()
    return deleted


@negative(statements=6)
async def keys_in_chunks_by_hand() -> int:
    """A loop over chunks of keys: each statement asks for two rows."""
    keys = [key async for key in Post.objects.values_list("pk", flat=True)]
    total = 0
    for start in range(0, len(keys), 2):
        chunk = keys[start : start + 2]
        async for post in Post.objects.filter(pk__in=chunk):
            total += post.views
    return total


@negative(statements=5)
def pages_by_slices() -> list[str]:
    """A loop over pages of two rows."""
    posts = Post.objects.order_by("pk")
    titles = []
    for start in range(0, 10, 2):
        page = posts[start : start + 2]
        titles += [post.title for post in page]
    return titles


@negative(statements=6)
async def pages_by_key() -> list[str]:
    """A loop over pages of two rows, each of which begins behind the last key of the one before."""
    titles: list[str] = []
    last = 0
    while page := [post async for post in Post.objects.filter(pk__gt=last).order_by("pk")[:2]]:
        titles += [post.title for post in page]
        last = page[-1].pk
    return titles


@negative(statements=1)
async def executemany() -> None:
    """One `executemany` of ten rows."""

    def insert() -> None:
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO sample_app_tag (name) VALUES (%s)", [[name.upper()] for name in NAMES])

    await sync_to_async(insert)()


@negative(statements=6)
async def many_to_many_set() -> None:
    """`aset` and `aadd` of many objects, once."""
    post = await Post.objects.alatest("pk")
    tags = [tag async for tag in Tag.objects.all()]
    await post.tags.aset(tags[:5])
    await post.tags.aadd(*tags)


@negative(statements=2)
def locked_together() -> int:
    """All rows are locked by one statement, and changed by one."""
    with transaction.atomic():
        keys = [post.pk for post in Post.objects.select_for_update()]
        return Post.objects.filter(pk__in=keys).update(views=1)


@negative(statements=11)
def saved_one_by_one() -> None:
    """Writes in a loop are no N+1."""
    comments = []
    for number in range(10):
        comments.append(Comment(content=f"New {number}"))
    for comment, key in zip(comments, Post.objects.values_list("pk", flat=True), strict=True):
        comment.post_id = key
        comment.save()


if django.VERSION >= (5, 0):

    @negative(statements=6)
    async def chunks_with_prefetch() -> int:
        """The same with `aiterator`."""
        total = 0
        async for post in Post.objects.prefetch_related("comments").aiterator(chunk_size=2):
            total += len(post.comments.all())
        return total

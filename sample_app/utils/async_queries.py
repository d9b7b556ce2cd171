"""Many posts in a number of queries that does not grow with them.

Gathering one coroutine for each post does not make them concurrent: they queue for the ORM's one thread. One query for
all of them is what makes it fast.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, OuterRef, Prefetch, Subquery
from django.db.models.functions import Coalesce

from sample_app.models import Comment, Post
from sample_app.utils.async_transactions import lock_posts, run_atomic


@dataclass(frozen=True)
class Statistics:
    """What readers did with a post."""

    views: int
    comments: int
    commenters: int
    last_comment: datetime | None


@dataclass(frozen=True)
class Headline:
    """A post with its author loaded, and the number of its comments."""

    post: Post
    comments: int


async def newest_posts(limit: int) -> list[Post]:
    """The newest posts with author, comments and their authors loaded, in two queries."""
    comments = Prefetch("comments", Comment.objects.select_related("author"))
    posts = Post.objects.select_related("author").prefetch_related(comments)[:limit]
    return [post async for post in posts]


async def newest_headlines(limit: int) -> list[Headline]:
    """The newest posts, each with its author and the number of its comments, in one query."""
    # A subquery for each listed post. Joined and grouped, every comment of the table would be counted for one page, and
    # the model's ordering would be dropped.
    counts = Comment.objects.filter(post=OuterRef("pk")).order_by().values("post").annotate(n=Count("pk")).values("n")
    posts = Post.objects.select_related("author").annotate(comment_count=Coalesce(Subquery(counts), 0))[:limit]
    return [Headline(post, post.comment_count) async for post in posts]


async def post_statistics(keys: Collection[int]) -> dict[int, Statistics]:
    """For each of the posts that are there its statistics, in one query. A post that is not there is left out.

    A failing database is an exception, and not a shorter answer.
    """
    found = (
        Post.objects.filter(pk__in=keys)
        .order_by()
        .annotate(
            comment_count=Count("comments"),
            commenter_count=Count("comments__author", distinct=True),
            last_comment=Max("comments__created_at"),
        )
    )
    columns = found.values_list("pk", "views", "comment_count", "commenter_count", "last_comment")
    return {key: Statistics(*row) async for key, *row in columns}


async def increment_views(keys: Collection[int]) -> int:
    """Add one to the views of each of the posts; how many there were.

    `F()` adds in the database: no increment of another request is overwritten.
    """
    return await run_atomic(_increment_views, keys)


def _increment_views(keys: Collection[int]) -> int:
    return Post.objects.filter(pk__in=lock_posts(Post.objects.filter(pk__in=keys))).update(views=F("views") + 1)

"""The number of queries of a view does not depend on how many posts there are."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from ways import send_in_process

from pytest_async_orm import record_queries
from sample_app.models import Comment, Post

_BEGINNING = re.compile(r"PRAGMA|SET|\s*SELECT VERSION")
SIZES = (10, 10_000)
VIEWS: list[tuple[str, str, Any]] = [
    ("GET", "/", None),
    ("GET", "/posts/?limit={size}", None),
    ("GET", "/posts/overview/?limit={size}", None),
    ("GET", "/posts/{key}/", None),
    ("PATCH", "/posts/{key}/", {"title": "changed"}),
    ("POST", "/posts/", {"title": "a", "content": "b", "comments": [{"content": "c"}, {"content": "d"}]}),
    ("POST", "/posts/bulk/", {"posts": [{"title": "a", "content": "b"}] * 10}),
    ("POST", "/posts/transfer/", {"from_user": "ada", "to_user": "grace"}),
    ("GET", "/database/", None),
]


def fill(size: int) -> dict[str, int]:
    """So many posts with two comments each; gives the users' keys and a post's."""
    users = {name: get_user_model().objects.create_user(name) for name in ("ada", "grace")}
    Post.objects.bulk_create(Post(title=str(number), content="", author=users["ada"]) for number in range(size))
    posts = list(Post.objects.all())
    authors = list(users.values())
    Comment.objects.bulk_create(Comment(post=post, author=author, content="c") for post in posts for author in authors)
    return {name: user.pk for name, user in users.items()} | {"key": posts[0].pk, "size": size}


def queries(size: int) -> dict[str, list[str]]:
    """For each view the beginnings of its statements, with so many posts."""
    names = fill(size)
    found = {}
    for method, path, body in VIEWS:
        if body is not None:
            body = {name: names.get(value, value) if isinstance(value, str) else value for name, value in body.items()}
        with record_queries() as log:
            answer = send_in_process(method, path.format(**names), b"" if body is None else body)
        # What a connection begins with is not the view's.
        sent = [query.fingerprint for query in log if not _BEGINNING.match(query.sql)]
        assert answer.status in (200, 201), answer
        found[f"{method} {path}"] = sent
    for model in (Comment, Post, get_user_model()):
        model.objects.all().delete()
    return found


def test_queries_do_not_grow_with_the_posts() -> None:
    """As many for 10,000 posts as for 10, of every view, and never more than eight."""
    few, many = map(queries, SIZES)
    assert few == many
    counts = {view: len(sent) for view, sent in few.items()}
    assert max(counts.values()) <= 8, counts
    # Whether a database is usable most drivers say without a statement.
    assert [view for view, count in counts.items() if count == 0] in ([], ["GET /database/"])


def test_a_query_for_each_post_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: comments that are fetched one post at a time."""

    async def one_by_one(limit: int) -> list[Any]:
        return [
            await Post.objects.select_related("author").prefetch_related("comments__author").aget(pk=post.pk)
            async for post in Post.objects.all()[:limit]
        ]

    monkeypatch.setattr("sample_app.views.newest_posts", one_by_one)
    view = "GET /posts/overview/?limit={size}"
    assert len(queries(10)[view]) < len(queries(20)[view])

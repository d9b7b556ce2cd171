"""One post: created, changed and fetched from async code.

Each is one statement (fetching is two), so each is whole without a transaction, and Django's own async methods do. A
unit of several statements is one synchronous function: see `async_transactions`.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch

from sample_app.models import Comment, Post


async def create_post(title: str, content: str, *, published: bool = False) -> Post:
    """Create a post."""
    return await Post.objects.acreate(title=title, content=content, published=published)


async def update_post(key: int, changes: dict[str, Any]) -> bool:
    """Change the fields in one UPDATE; False if there is no such post.

    Not fetched, changed and saved: that would write back what another request changed in between.
    """
    return await Post.objects.filter(pk=key).aupdate(**changes) > 0


async def fetch_post_with_comments(key: int) -> Post:
    """The post with author, comments and their authors, all loaded. Raises `Post.DoesNotExist`."""
    comments = Prefetch("comments", Comment.objects.select_related("author"))
    return await Post.objects.select_related("author").prefetch_related(comments).aget(pk=key)

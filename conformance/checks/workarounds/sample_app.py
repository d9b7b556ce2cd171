"""The sample app's way around each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any


async def work(what: str, title: str, key: int) -> Any:
    """W1: a post created, updated, or fetched with its comments."""
    from sample_app.models import Post
    from sample_app.utils import async_posts

    if what == "create":
        return await async_posts.create_post(title, "")
    if what == "update":
        await async_posts.update_post(key, {"title": title})
        return await Post.objects.aget(pk=key)
    post = await async_posts.fetch_post_with_comments(key)
    return post, list(post.comments.all())


async def run_atomic(function: Callable[[], None]) -> None:
    """W2 and W5."""
    from sample_app.utils import async_transactions

    await async_transactions.run_atomic(function)


def async_atomic() -> AbstractAsyncContextManager[None]:
    """W5."""
    from sample_app.utils import async_atomic

    return async_atomic.async_atomic()


async def close_old_connections() -> None:
    """W4."""
    from sample_app.utils import async_db

    await async_db.close_old_connections()


async def ensure_connection() -> None:
    """W4."""
    from sample_app.utils import async_db

    await async_db.ensure_connection()


async def statistics(keys: Sequence[int]) -> dict[int, int]:
    """W7."""
    from sample_app.utils import async_queries

    return {key: found.comments for key, found in (await async_queries.post_statistics(keys)).items()}


async def increment(keys: Sequence[int]) -> None:
    """W7."""
    from sample_app.utils import async_queries

    await async_queries.increment_views(keys)


async def query_count() -> int:
    """W9."""
    from sample_app.utils.async_db_monitor import monitor

    monitor.install()
    return (await monitor.health())["default"].queries


async def view(request: Any) -> Any:
    """W3 and W6."""
    from sample_app import views

    return await views.posts(request)


async def overview(request: Any) -> Any:
    """W8."""
    from sample_app import views

    return await views.overview(request)


async def database(request: Any) -> Any:
    """W10."""
    from sample_app import views
    from sample_app.utils.async_db_monitor import monitor

    monitor.install()
    return await views.database(request)

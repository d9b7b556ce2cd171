"""The workarounds as the source text prints them, faults included."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any


async def atomic_function(function: Callable[[], None]) -> None:
    """W2: the decorated function, wrapped."""
    from asgiref.sync import sync_to_async
    from django.db import transaction

    await sync_to_async(transaction.atomic(function))()


async def manager_function(function: Callable[[], None]) -> None:
    """W5: any function, made atomic where it is called."""
    from asgiref.sync import sync_to_async
    from django.db import transaction

    await sync_to_async(transaction.atomic()(function))()


@asynccontextmanager
async def atomic_block() -> AsyncIterator[None]:
    """W5: enter and leave the synchronous block, each wrapped."""
    from asgiref.sync import sync_to_async
    from django.db import transaction

    block = transaction.atomic()
    await sync_to_async(block.__enter__)()
    try:
        yield
    except BaseException as error:
        await sync_to_async(block.__exit__)(type(error), error, error.__traceback__)
        raise
    await sync_to_async(block.__exit__)(None, None, None)


async def close_in_coroutine() -> None:
    """W4: old connections, closed from the coroutine."""
    from django.db import close_old_connections

    close_old_connections()


async def ensure_in_coroutine() -> None:
    """W4: a connection, asked for in the coroutine."""
    from django.db import connection

    connection.ensure_connection()


async def close_wrapped() -> None:
    """W4: closing, wrapped around a coroutine function."""
    from asgiref.sync import sync_to_async

    # The source text hands over what is not a synchronous function.
    wrapped: Any = sync_to_async(close_in_coroutine)
    await wrapped()


async def ensure_through_proxy() -> None:
    """W4: the bound method of `connection`, wrapped: it was looked up in the coroutine."""
    from asgiref.sync import sync_to_async
    from django.db import connection

    await sync_to_async(connection.ensure_connection)()


async def statistics(keys: Sequence[int]) -> dict[int, int]:
    """W7: how many comments each post has, a coroutine for each, gathered; what fails is left out."""
    found = await asyncio.gather(*(_comments_of(key) for key in keys), return_exceptions=True)
    return {key: count for key, count in zip(keys, found, strict=True) if not isinstance(count, BaseException)}


async def _comments_of(key: int) -> int:
    from sample_app.models import Post

    post = await Post.objects.aget(pk=key)
    return await post.comments.acount()


async def increment(keys: Sequence[int]) -> None:
    """W7: in bulk, with `F()`."""
    from django.db.models import F

    from sample_app.models import Post

    await Post.objects.filter(pk__in=keys).aupdate(views=F("views") + 1)


async def query_count() -> int:
    """W9: the queries of the default alias, by the connection's own log."""
    from django.db import connections

    return len(connections["default"].queries)


async def timed(function: Callable[[], Awaitable[Any]]) -> Any:
    """W9: await and let failures through."""
    return await function()


async def view(request: Any) -> Any:
    """W6: create posts from the body, which is read with `aread`."""
    from django.http import JsonResponse

    from sample_app.models import Post

    try:
        data = json.loads(await request.aread())
        post = await Post.objects.acreate(title=data["title"], content=data["content"])
    except (json.JSONDecodeError, KeyError) as error:
        return JsonResponse({"error": str(error)}, status=400)
    except Exception as error:  # noqa: BLE001 - as printed
        return JsonResponse({"error": str(error)}, status=500)
    return JsonResponse({"id": post.pk, "title": post.title}, status=201)


async def mixed_view(request: Any) -> Any:
    """W3: POST creates through a wrapped function, GET lists with `async for`."""
    from asgiref.sync import sync_to_async
    from django.http import JsonResponse

    from sample_app.models import Post

    if request.method == "POST":
        data = json.loads(request.body)
        post = await sync_to_async(Post.objects.create)(title=data["title"], content=data["content"])
        return JsonResponse({"id": post.pk, "title": post.title}, status=201)
    return JsonResponse({"posts": [{"id": post.pk, "title": post.title} async for post in Post.objects.all()]})


async def overview(_: Any) -> Any:
    """W8: list posts with what belongs to them, gather their statistics, add to their views."""
    from django.http import JsonResponse

    from sample_app.models import Post

    posts = [post async for post in Post.objects.select_related("author").prefetch_related("comments__author")]
    keys = [post.pk for post in posts]
    counts = await statistics(keys)
    await increment(keys)
    listed = [
        {
            "id": post.pk,
            "title": post.title,
            "author": post.author and post.author.get_username(),
            "comments": [{"content": comment.content} for comment in post.comments.all()],
        }
        for post in posts
    ]
    return JsonResponse({"posts": listed, "statistics": {key: {"comments": count} for key, count in counts.items()}})


async def database(_: Any) -> Any:
    """W10: for each alias what `connections` says of it in the coroutine."""
    from django.db import connections
    from django.http import JsonResponse

    databases = {
        alias: {
            "vendor": connections[alias].vendor,
            "queries": len(connections[alias].queries),
            "seconds": sum(float(query["time"]) for query in connections[alias].queries),
        }
        for alias in connections
    }
    return JsonResponse({"databases": databases})

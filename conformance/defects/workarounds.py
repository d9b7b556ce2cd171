"""Defects of what the workarounds stand on: the sample app's utilities, `sync_to_async`, drivers and requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any


def drops_result() -> None:
    """`sync_to_async` calls the function and gives nothing."""
    _wrap_sync_to_async(lambda function, args: function(*args) and None)


def calls_twice() -> None:
    """`sync_to_async` calls the function once more."""

    def call(function: Any, args: Any) -> Any:
        function(*args)
        return function(*args)

    _wrap_sync_to_async(call)


def never_calls() -> None:
    """`sync_to_async` does not call the function."""
    _wrap_sync_to_async(lambda _, __: None)


def _wrap_sync_to_async(call: Callable[[Any, Any], Any]) -> None:
    """Only for what the checks wrap themselves: Django's own calls go through as they are."""
    import asgiref.sync

    real = asgiref.sync.sync_to_async

    def sync_to_async(function: Any, **options: Any) -> Any:
        return real(lambda *args: call(function, args), **options)

    asgiref.sync.sync_to_async = sync_to_async  # type: ignore[assignment]


def wrong_thread() -> None:
    """Connections are looked after on some other thread than the ORM's."""
    from asgiref.sync import sync_to_async

    from sample_app.utils import async_db

    elsewhere: Any = lambda function: sync_to_async(function, thread_sensitive=False)  # noqa: E731 - any signature
    vars(async_db)["sync_to_async"] = elsewhere


def views_lenient() -> None:
    """A body that is not JSON is an empty post."""
    import json

    from sample_app import payloads

    def read(request: Any) -> dict[str, Any]:
        try:
            data = json.loads(request.body)
        except ValueError:
            data = {"title": "x", "content": "x"}
        return dict(data)

    payloads.read_object = read


def counts_once_more() -> None:
    """Statistics count a comment too many."""
    from dataclasses import replace

    from sample_app.utils import async_queries

    real = async_queries.post_statistics

    async def statistics(keys: Collection[int]) -> dict[int, async_queries.Statistics]:
        return {key: replace(found, comments=found.comments + 1) for key, found in (await real(keys)).items()}

    async_queries.post_statistics = statistics


def query_for_each() -> None:
    """Statistics are asked for post by post."""
    from sample_app.utils import async_queries

    real = async_queries.post_statistics

    async def statistics(keys: Collection[int]) -> dict[int, async_queries.Statistics]:
        return {found: each for key in keys for found, each in (await real([key])).items()}

    async_queries.post_statistics = statistics


def lost_updates() -> None:
    """Views are read, and written back after other tasks had their turn."""
    from sample_app.models import Post
    from sample_app.utils import async_queries

    async def increment(keys: Collection[int]) -> int:
        posts = [post async for post in Post.objects.filter(pk__in=keys)]
        for post in posts:
            await Post.objects.filter(pk=post.pk).aupdate(views=post.views + 1)
        return len(posts)

    async_queries.increment_views = increment


def monitor_one_thread() -> None:
    """The monitor watches the connections of the thread that installs it, and no others."""
    from sample_app.utils.async_db_monitor import DatabaseMonitor

    def install(self: DatabaseMonitor) -> None:
        from django.db import connections

        for connection in connections.all(initialized_only=True):
            self._watch(connection)

    DatabaseMonitor.install = install  # type: ignore[method-assign]


def driver_ignores_options() -> None:
    """A connection is opened with the settings' own options, whatever it is given."""
    from conformance.checks.subjects import connection_workarounds

    real = connection_workarounds._connect_with
    vars(connection_workarounds)["_connect_with"] = lambda stage, _: real(stage, {})
    vars(connection_workarounds)["_lacks_pool"] = lambda: False


def driver_refuses() -> None:
    """No connection that is asked to be checked can be opened."""
    from conformance.checks.subjects import connection_workarounds

    def refuse(*_: Any) -> int:
        raise TypeError("CONN_HEALTH_CHECKS is not known")

    vars(connection_workarounds)["_connect_with"] = refuse


def requests_close_connections() -> None:
    """At the end of a request every connection is closed, whatever its age: the checks must accept it."""
    from django.core.signals import request_finished
    from django.db import connections

    request_finished.connect(lambda **_: connections.close_all(), weak=False)


def half_when_cancelled() -> None:
    """A way to a transaction leaves a post behind when it is cancelled, and says that it was cancelled."""
    from conformance.checks import workarounds

    for module, functions in (
        (workarounds.printed, ("atomic_function", "manager_function")),
        (workarounds.sample_app, ("run_atomic",)),
    ):
        for name in functions:
            setattr(module, name, _leaving_half(getattr(module, name)))
    for module, name in ((workarounds.printed, "atomic_block"), (workarounds.sample_app, "async_atomic")):
        setattr(module, name, _block_leaving_half(getattr(module, name)))


async def _leave_half() -> None:
    from asgiref.sync import sync_to_async

    from sample_app.models import Post

    await sync_to_async(Post.objects.create)(title="half")


def _leaving_half(run: Callable[..., Any]) -> Callable[..., Any]:
    async def wrapper(function: Any) -> None:
        try:
            await run(function)
        except asyncio.CancelledError:
            await _leave_half()
            raise

    return wrapper


def _block_leaving_half(block: Callable[[], Any]) -> Callable[[], Any]:
    @asynccontextmanager
    async def wrapper() -> AsyncIterator[None]:
        try:
            async with block():
                yield
        except asyncio.CancelledError:
            await _leave_half()
            raise

    return wrapper


WORKAROUNDS: dict[str, Callable[[], None]] = {
    "workaround/half-when-cancelled": half_when_cancelled,
    "sync_to_async/drops-result": drops_result,
    "sync_to_async/calls-twice": calls_twice,
    "sync_to_async/never-calls": never_calls,
    "async_db/wrong-thread": wrong_thread,
    "views/lenient": views_lenient,
    "async_queries/counts-once-more": counts_once_more,
    "async_queries/query-for-each": query_for_each,
    "async_queries/lost-updates": lost_updates,
    "monitor/one-thread": monitor_one_thread,
    "driver/ignores-options": driver_ignores_options,
    "driver/refuses": driver_refuses,
    "requests/close-connections": requests_close_connections,
}

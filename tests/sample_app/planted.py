"""Faults in the sample app, put into a server by its settings: `planted_settings` and `SAMPLE_APP_PLANTED`."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from typing import Any

from django.apps import AppConfig


def lost_updates() -> None:
    """Views are read, added to, and written back."""
    from asgiref.sync import sync_to_async

    from sample_app.models import Post
    from sample_app.utils import async_queries

    def increment(keys: Collection[int]) -> int:
        posts = list(Post.objects.filter(pk__in=keys))
        for post in posts:
            post.views += 1
            post.save(update_fields=["views"])
        return len(posts)

    async_queries.increment_views = sync_to_async(increment)


def half_transfers() -> None:
    """A transfer leaves one of the posts where it is."""
    from sample_app.models import Post
    from sample_app.utils import async_transactions

    def transfer(from_user: int, to_user: int) -> async_transactions.Transfer:
        names = async_transactions._usernames((from_user, to_user), lock=True)
        posts = async_transactions.lock_posts(Post.objects.filter(author=from_user))[1:]
        count = Post.objects.filter(pk__in=posts).update(author=to_user)
        return async_transactions.Transfer(names[from_user], names[to_user], count)

    async_transactions._transfer = transfer


def left_open() -> None:
    """Nobody closes a connection when its request ends."""
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections

    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)


def bare_errors() -> None:
    """A failure is answered without JSON."""
    from django.http import HttpResponse

    from sample_app import answers

    answers._error = lambda status, message: HttpResponse(status=status)  # type: ignore[assignment,return-value]


FAULTS: dict[str, Callable[[], Any]] = {
    fault.__name__: fault for fault in (lost_updates, half_transfers, left_open, bare_errors)
}


class PlantedConfig(AppConfig):
    """Plants what the environment names."""

    name = "planted"

    def ready(self) -> None:
        FAULTS[os.environ["SAMPLE_APP_PLANTED"]]()

"""Transactions from async code: one synchronous function, one transaction, one hop to the ORM's thread.

Nothing can come between the function's statements, because nothing else runs on that thread meanwhile. For a body that
has to await something in the middle there is `async_atomic`, which has its price.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet

from sample_app.models import Comment, Post
from sample_app.utils.async_calls import finished

T = TypeVar("T")


async def run_atomic(function: Callable[..., T], *args: Any, using: str | None = None, **kwargs: Any) -> T:
    """Call the synchronous function on the ORM's thread, in a transaction of the database `using`: all or nothing.

    Inside another transaction of that thread it is a savepoint. When the caller is cancelled, `CancelledError` is
    raised once the transaction has ended: not begun, or rolled back, unless it was committing already.

    Raises `TypeError` for a function whose work would run outside: a coroutine function, or one that gives an
    awaitable.
    """
    if iscoroutinefunction(function):
        raise TypeError(f"{function!r} is a coroutine function: the transaction would end before it begins")
    run = _Run(partial(function, *args, **kwargs), using)
    try:
        await sync_to_async(run.work)()
    except asyncio.CancelledError:
        if run.abandon():
            # What the function raised is of no interest to a caller that was cancelled.
            with suppress(Exception):
                await finished(run.outcome)
        raise
    return run.outcome.result()


class _Abandoned(Exception):
    """Rolls back what nobody waits for any more."""


class _Run(Generic[T]):
    """One function in one transaction, on whatever thread its `work` is called."""

    def __init__(self, function: Callable[[], T], using: str | None) -> None:
        self.outcome: Future[T] = Future()
        self._abandoned = threading.Event()
        self._function = function
        self._using = using

    def work(self) -> None:
        # False where `abandon` came first.
        if not self.outcome.set_running_or_notify_cancel():
            return
        try:
            self.outcome.set_result(self._transaction())
        except BaseException as error:  # noqa: BLE001 - it is raised where the outcome is asked for
            self.outcome.set_exception(error)

    def abandon(self) -> bool:
        """Whether there is an end to wait for: False if the work had not begun, and now never will."""
        self._abandoned.set()
        return not self.outcome.cancel()

    def _transaction(self) -> T:
        with transaction.atomic(using=self._using):
            result = self._function()
            if inspect.isawaitable(result):
                raise TypeError(f"{self._function!r} gave an awaitable: its work would run outside the transaction")
            if self._abandoned.is_set():
                raise _Abandoned
            return result


class UnknownUser(LookupError):
    """A user that somebody named is not there."""


@dataclass(frozen=True)
class NewComment:
    """A comment to be; `author` is a user's key."""

    content: str
    author: int | None = None


@dataclass(frozen=True)
class NewPost:
    """A post to be, with its comments; `author` is a user's key."""

    title: str
    content: str
    published: bool = False
    author: int | None = None
    comments: Sequence[NewComment] = ()


@dataclass(frozen=True)
class Transfer:
    """Who gave posts to whom, and how many."""

    from_user: str
    to_user: str
    count: int


async def bulk_create_posts(posts: Sequence[NewPost]) -> list[Post]:
    """Create the posts and their comments: all of them or none. Raises `UnknownUser`."""
    return await run_atomic(_create_posts, posts)


async def create_post_with_comments(post: NewPost) -> Post:
    """Create a post and its comments: all of it or nothing. Raises `UnknownUser`."""
    created = await run_atomic(_create_posts, [post])
    return created[0]


async def transfer_posts(from_user: int, to_user: int) -> Transfer:
    """Make every post of one user another's. Raises `UnknownUser` if either is not there, and changes nothing."""
    return await run_atomic(_transfer, from_user, to_user)


def _create_posts(posts: Sequence[NewPost]) -> list[Post]:
    authors = {post.author for post in posts} | {comment.author for post in posts for comment in post.comments}
    _usernames(author for author in authors if author is not None)
    created = Post.objects.bulk_create(
        Post(title=post.title, content=post.content, published=post.published, author_id=post.author) for post in posts
    )
    # The keys are known here on SQLite, PostgreSQL and MariaDB. MySQL does not tell them: comments raise ValueError.
    Comment.objects.bulk_create(
        Comment(post=made, content=comment.content, author_id=comment.author)
        for made, post in zip(created, posts, strict=True)
        for comment in post.comments
    )
    return created


def _transfer(from_user: int, to_user: int) -> Transfer:
    # Locked, so that neither is deleted meanwhile.
    names = _usernames((from_user, to_user), lock=True)
    posts = lock_posts(Post.objects.filter(author=from_user))
    count = Post.objects.filter(pk__in=posts).update(author=to_user)
    return Transfer(names[from_user], names[to_user], count)


def lock_posts(posts: QuerySet[Post]) -> list[int]:
    """Lock the posts until the transaction ends; gives their keys.

    In the order of their keys, as everything that changes more than one row has to: an UPDATE locks its rows in the
    order in which it finds them, and two that find the same rows in other orders wait for each other in a circle.
    """
    return list(posts.select_for_update().order_by("pk").values_list("pk", flat=True))


def _usernames(keys: Iterable[int], *, lock: bool = False) -> dict[int, str]:
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    users = get_user_model().objects.select_for_update() if lock else get_user_model().objects.all()
    names = {user.pk: user.get_username() for user in users.filter(pk__in=wanted).order_by("pk")}
    if missing := [key for key in wanted if key not in names]:
        raise UnknownUser(f"there is no user {', '.join(map(str, missing))}")
    return names

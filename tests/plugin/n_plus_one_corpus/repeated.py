"""Negative: repeated from one line, and no N+1: writes that read, locks, waits, attempts, messages, units of work."""

from __future__ import annotations

import asyncio
import itertools
from io import StringIO
from typing import Any

from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.consumer import AsyncConsumer
from django.core.handlers.asgi import ASGIHandler
from django.core.management import BaseCommand, call_command
from django.db import DatabaseError, transaction
from django.http import HttpRequest, JsonResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from httpx import ASGITransport
from httpx import AsyncClient as HttpClient

from n_plus_one_corpus.program import negative
from n_plus_one_corpus.rows import NAMES, POSTS, TITLES, USERNAMES, User
from sample_app.models import Post, Tag


async def detail(request: HttpRequest, number: int) -> JsonResponse:
    """One query for each request."""
    post = await Post.objects.filter(title=f"Post {number}").afirst()
    return JsonResponse({"title": post.title if post is not None else None})


def sync_detail(request: HttpRequest, number: int) -> JsonResponse:
    post = Post.objects.select_related("author").get(title=f"Post {number}")
    comments = [comment.content for comment in post.comments.all()]
    return JsonResponse({"author": post.author.username, "comments": comments})


DETAILS = override_settings(
    ROOT_URLCONF=(path("<int:number>/", detail), path("sync/<int:number>/", sync_detail)), MIDDLEWARE=[]
)


@negative(statements=5)
async def requests_in_a_loop() -> list[bytes]:
    """Five requests of one view."""
    with DETAILS:
        return [(await AsyncClient().get(f"/{number}/")).content for number in range(5)]


@negative(statements=5)
async def requests_at_one_time() -> list[Any]:
    """Five requests, gathered."""
    client = AsyncClient()
    with DETAILS:
        return await asyncio.gather(*(client.get(f"/{number}/") for number in range(5)))


@negative(statements=8)
def requests_of_the_sync_client() -> list[bytes]:
    """Four requests, two queries each."""
    with DETAILS:
        return [Client().get(f"/sync/{number}/").content for number in range(4)]


@negative(statements=8)
async def sync_views_under_the_async_client() -> list[bytes]:
    """Four requests of a sync view, which runs on a thread."""
    with DETAILS:
        return [(await AsyncClient().get(f"/sync/{number}/")).content for number in range(4)]


@negative(statements=3)
async def requests_on_threads() -> list[Any]:
    """Three requests of the sync client, each on a thread of its own."""
    with DETAILS:
        return await asyncio.gather(*(asyncio.to_thread(Client().get, f"/{number}/") for number in range(3)))


@negative(statements=4)
async def requests_to_the_application() -> list[bytes]:
    """Four requests by a client that speaks ASGI to Django's handler."""
    with DETAILS:
        async with HttpClient(transport=ASGITransport(app=ASGIHandler()), base_url="http://testserver") as client:
            return [(await client.get(f"/{number}/")).content for number in range(4)]


@negative(statements=10)
async def messages_to_a_consumer() -> None:
    """Ten messages to one consumer of Channels: each is handled by a call of its own."""

    class Consumer(AsyncConsumer):
        async def lookup(self, message: dict[str, Any]) -> None:
            tag = await Tag.objects.aget(name=message["name"])
            await self.send({"type": "found", "name": tag.name})

    communicator = ApplicationCommunicator(Consumer.as_asgi(), {"type": "test"})
    for name in NAMES:
        await communicator.send_input({"type": "lookup", "name": name})
        await communicator.receive_output()
    communicator.stop(exceptions=False)


@negative(statements=4)
def commands() -> list[None]:
    """A management command, called four times."""

    class Command(BaseCommand):
        def add_arguments(self, parser: Any) -> None:
            parser.add_argument("title")

        def handle(self, *args: Any, title: str, **options: Any) -> None:
            self.stdout.write(str(Post.objects.filter(title=title).count()))

    return [call_command(Command(), title, stdout=StringIO()) for title in TITLES[:4]]


@negative(statements=10)
async def jobs_of_a_queue() -> list[int]:
    """A worker's endless loop: each turn is another job."""
    queue: asyncio.Queue[str | None] = asyncio.Queue()
    for name in [*NAMES, None]:
        queue.put_nowait(name)
    found = []
    while True:
        name = await queue.get()
        if name is None:
            return found
        tag = await Tag.objects.aget(name=name)
        found.append(tag.pk)


@negative(statements=10)
async def get_or_create_in_a_loop() -> list[Tag]:
    """Every name is there already: ten reads, each of which would have been a write."""
    tags = []
    for name in NAMES:
        tag, _ = await Tag.objects.aget_or_create(name=name)
        tags.append(tag)
    return tags


@negative(statements=20)
def update_or_create_in_a_loop() -> None:
    """Ten rows are looked up and written (prosopite 64)."""
    for title in TITLES:
        Post.objects.update_or_create(title=title, defaults={"views": 5})


@negative(statements=10)
async def get_or_create_gathered() -> list[Any]:
    """The same in tasks."""
    return await asyncio.gather(*(Tag.objects.aget_or_create(name=name) for name in NAMES))


@negative(statements=1 + POSTS)
def added_one_by_one() -> None:
    """`add` reads what is there before it writes."""
    posts = list(Post.objects.all())
    tag = Tag.objects.create(name="new")
    for post in posts[1:]:
        post.tags.add(tag)


@negative(statements=1 + 10 * 5)
def deleted_one_by_one() -> None:
    """The collector asks for what hangs on each row."""
    for post in Post.objects.all():
        post.delete()


@negative(statements=11)
def locked_one_by_one() -> None:
    """Rows are locked one after another, in an order that everybody keeps."""
    with transaction.atomic():
        for key in Post.objects.order_by("pk").values_list("pk", flat=True):
            Post.objects.select_for_update().get(pk=key)


@negative(statements=20)
async def locked_in_tasks() -> None:
    """Each task takes one row and writes it: a whole operation."""

    @sync_to_async
    def viewed(title: str) -> None:
        with transaction.atomic():
            post = Post.objects.select_for_update().get(title=title)
            post.views += 1
            post.save(update_fields=["views"])

    await asyncio.gather(*(viewed(title) for title in TITLES))


@negative(statements=5)
async def polled() -> int:
    """Asked again until it is there."""
    turns = itertools.count()
    while not await Tag.objects.filter(name="done").aexists():
        if next(turns) == 2:
            await Tag.objects.acreate(name="done")
        await asyncio.sleep(0)
    return next(turns)


@negative(statements=5)
async def polled_a_few_times() -> bool:
    """Asked five times, with a pause between."""
    for _ in range(5):
        if await Tag.objects.filter(name="never").aexists():
            return True
        await asyncio.sleep(0)
    return False


@negative(statements=3)
async def tried_again() -> Post | None:
    """Three attempts, the last of which succeeds."""
    for attempt in range(3):
        try:
            post = await Post.objects.aget(title=TITLES[0])
            if attempt < 2:
                raise DatabaseError("gone away")
        except DatabaseError:
            continue
        return post
    return None


@negative(statements=3)
def tried_again_by_a_decorator() -> int:
    """The loop of the attempts is a decorator's."""
    failures = iter([DatabaseError, DatabaseError, None])

    def retried(call: Any) -> Any:
        def again() -> Any:
            while True:
                try:
                    return call()
                except DatabaseError:
                    continue

        return again

    @retried
    def counted() -> int:
        found = Post.objects.count()
        if (failure := next(failures)) is not None:
            raise failure("gone away")
        return found

    return counted()


@negative(statements=11)
def free_name() -> str:
    """The next name that nobody has."""
    number = 0
    while Tag.objects.filter(name=f"tag-{number}").exists():
        number += 1
    return f"tag-{number}"


@negative(statements=4)
def free_code() -> str:
    """Codes are drawn until one is free."""
    codes = iter([*NAMES[:3], "free"])
    for _ in range(10):
        code = next(codes)
        if not Tag.objects.filter(name=code).exists():
            break
    return code


@negative(statements=4)
async def two_tasks_with_two_each() -> list[Any]:
    """Two tasks whose loops have two turns each: neither exceeds the threshold."""

    async def users() -> list[User]:
        return [await User.objects.aget(username=name) for name in USERNAMES[:2]]

    return await asyncio.gather(users(), users())

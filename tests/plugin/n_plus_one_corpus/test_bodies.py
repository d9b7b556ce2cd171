"""Code as it stands in a file of tests, which this file's name makes it: loops of tests call units of work."""

from __future__ import annotations

import asyncio
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, JsonResponse
from django.test import AsyncClient, RequestFactory

from n_plus_one_corpus.program import negative, positive
from n_plus_one_corpus.repeated import DETAILS, detail
from n_plus_one_corpus.rows import NAMES, TITLES, USERNAMES, User
from n_plus_one_corpus.services import authors_of_two, posts_of
from n_plus_one_corpus.views import serialized
from sample_app.models import Comment, Post, Profile, Tag


@positive(statements=11, remedy="in_bulk")
async def asked_by_the_test() -> list[str]:
    """The test's own loop asks for each row."""
    names = []
    async for post in Post.objects.all():  # loop
        author = await User.objects.aget(pk=post.author_id)  # query
        names.append(author.username)
    return names


@positive(statements=11, remedy='select_related("author")')
async def relation_in_the_tests_loop() -> list[str]:
    """A relation is followed on the line of the loop's body."""
    names = []
    async for post in Post.objects.all():  # loop
        names.append(await sync_to_async(lambda: post.author.username)())  # query # noqa: B023
    return names


@positive(statements=11, remedy='select_related("author")')
def relation_in_a_helper_of_the_test() -> list[str]:
    """A helper of the test's file follows a relation of a row that it is given."""

    def byline(post: Post) -> str:
        return post.author.username  # query

    return [byline(post) for post in Post.objects.all()]  # loop


@positive(statements=11, remedy="in_bulk")
async def helper_of_the_test_gathered() -> list[str]:
    """A helper that does no more than ask for a row by key."""

    async def author(post: Post) -> str:
        found = await User.objects.aget(pk=post.author_id)  # query
        return found.username

    posts = [post async for post in Post.objects.all()]
    return await asyncio.gather(*(author(post) for post in posts))  # loop


@negative(statements=3)
async def requests_of_a_test() -> None:
    """A test that sends three requests, one query each."""
    with DETAILS:
        for number in range(3):
            response = await AsyncClient().get(f"/{number}/")
            assert response.status_code == 200


@negative(statements=3)
async def views_called_by_a_test() -> list[JsonResponse]:
    """A view of the application, called without a client."""
    request: HttpRequest = RequestFactory().get("/")
    return [await detail(request, number) for number in range(3)]


@negative(statements=10)
def service_for_each() -> list[list[Post]]:
    """A function of the application, called with one value after another."""
    return [posts_of(name) for name in USERNAMES]


@negative(statements=9)
def service_with_a_loop_of_two() -> None:
    """A function whose loop has two turns, called three times: in no call is there a third."""
    for _ in range(3):
        authors_of_two()


@negative(statements=9)
async def services_with_loops_gathered() -> None:
    """The same in tasks."""
    await asyncio.gather(*(sync_to_async(authors_of_two)() for _ in range(3)))


@negative(statements=21)
def read_again_in_assertions() -> None:
    """Rows are read again to see what has become of them."""
    posts = list(Post.objects.all())
    for post in posts:
        post.refresh_from_db()
        assert post.views == 0
    for post in posts:
        post.refresh_from_db(fields=["views"])


@negative(statements=10)
async def looked_up_in_assertions() -> None:
    """An assertion for each name."""
    for name in NAMES:
        assert await Tag.objects.filter(name=name).aexists()


@negative(statements=7)
def made_by_a_factory() -> None:
    """A function that makes rows, and looks up what they belong to."""

    def comment(number: int) -> Comment:
        post = Post.objects.get(title=TITLES[number])
        return Comment.objects.create(post=post, content="made")

    for number in range(3):
        comment(number)
    assert Comment.objects.filter(content="made").count() == 3


@negative(statements=6)
async def whole_operations_gathered() -> list[Any]:
    """Each task reads a row and writes it."""

    async def renamed(name: str) -> None:
        tag = await Tag.objects.aget(name=name)
        tag.name = tag.name.upper()
        await tag.asave(update_fields=["name"])

    return await asyncio.gather(*(renamed(name) for name in NAMES[:3]))


@negative(statements=8)
async def whole_reads_gathered() -> list[Any]:
    """Each task asks for a user, and for that user's profile."""

    async def card(name: str) -> tuple[str, str]:
        user = await User.objects.aget(username=name)
        profile = await Profile.objects.aget(user=user)
        return user.username, profile.display_name

    return await asyncio.gather(*(card(name) for name in USERNAMES[:4]))


@negative(statements=4)
def validated_by_a_test() -> None:
    """Rows are validated one after another."""
    for comment in Comment.objects.filter(content="Comment 0")[:3]:
        comment.full_clean(exclude=["post"])


@negative(statements=11)
def serializer_called_for_each() -> list[Any]:
    """A serializer of the application, called once for each row."""
    return [serialized(post) for post in Post.objects.all()]


@negative(statements=5)
async def polled_by_a_test() -> None:
    """A test that waits for what a task does."""

    async def work() -> None:
        await asyncio.sleep(0)
        await Tag.objects.acreate(name="done")

    for _ in range(4):
        await Tag.objects.filter(name="done").aexists()
        await asyncio.sleep(0)
    await work()

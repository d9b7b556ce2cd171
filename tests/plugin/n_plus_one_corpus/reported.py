"""Positive: what people have reported to the detectors of other projects, found or missed there.

Named are the projects and the numbers of their issues, where the program is one of a report.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from operator import attrgetter

from asgiref.sync import async_to_sync, sync_to_async
from django.db.models import Count, Prefetch, Sum, prefetch_related_objects
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import Context, Engine
from django.test import AsyncClient, Client

from n_plus_one_corpus.program import positive
from n_plus_one_corpus.rows import NAMES, USERNAMES, User
from n_plus_one_corpus.views import routed
from sample_app.models import Comment, Post, Reaction, Tag


@positive(statements=10, remedy="in_bulk")
async def view_that_gets_by_number() -> bytes:
    """Rows are asked for by a number that the loop counts (django-zeal 7)."""
    keys = [key async for key in Tag.objects.order_by("pk").values_list("pk", flat=True)[:1]]

    async def view(request: HttpRequest) -> JsonResponse:
        names = []
        for number in range(keys[0], keys[0] + 9):  # loop
            tag = await Tag.objects.filter(pk=number).afirst()  # query
            names.append(tag and tag.name)
        return JsonResponse({"names": names})

    with routed(view):
        return (await AsyncClient().get("/")).content


@positive(statements=11, remedy="prefetch_related_objects")
def prefetched_one_by_one() -> int:
    """The call that prefetches for many rows, given one at a time (django-zeal 57, nplusone 50)."""
    total = 0
    for post in Post.objects.all():  # loop
        prefetch_related_objects([post], "tags")  # query
        total += len(post.tags.all())
    return total


@positive(statements=11, remedy='select_related("profile")')
def asked_whether_it_has_one() -> list[str]:
    """`hasattr` asks the database for the other side of a one-to-one relation."""
    names = []
    for user in User.objects.all():  # loop
        if hasattr(user, "profile"):  # query
            names.append(user.profile.display_name)
    return names


@positive(statements=11, remedy='annotate(Count("tags"))')
def template_that_counts() -> str:
    """`{{ post.tags.count }}` for each row of a template's loop."""
    page = "{% for post in posts %}{{ post.tags.count }},{% endfor %}"
    return Engine().from_string(page).render(Context({"posts": Post.objects.all()}))  # query # loop?


@positive(statements=11, remedy='prefetch_related("comments")')
def template_with_two_loops() -> bytes:
    """A loop inside a template's loop, in a view."""
    page = "{% for post in posts %}{% for comment in post.comments.all %}{{ comment }}{% endfor %}{% endfor %}"

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(Engine().from_string(page).render(Context({"posts": Post.objects.all()})))  # query # loop?

    with routed(view):
        return Client().get("/").content


@positive(statements=11, remedy='prefetch_related("target")')
async def generic_foreign_key_in_a_thread() -> list[str]:
    """What a reaction is for, row by row through a hop (django-auto-prefetch)."""

    @sync_to_async
    def target(reaction: Reaction) -> str:
        return str(reaction.target)  # query

    titles = []
    async for reaction in Reaction.objects.filter(emoji="+1"):  # loop
        titles.append(await target(reaction))
    return titles


@positive(statements=12, remedy='Prefetch("comments"')
def prefetch_broken_by_filter_in_sync_code() -> int:
    """A filter on what was prefetched asks again (nplusone, Bullet)."""
    total = 0
    for post in Post.objects.prefetch_related("comments"):  # loop
        total += len(post.comments.filter(content__endswith="2"))  # query
    return total


@positive(statements=12, remedy='Prefetch("comments"')
def prefetch_broken_by_last() -> list[Comment | None]:
    """So does `last()`, which turns the order round."""
    lasts = []
    for post in Post.objects.prefetch_related("comments"):  # loop
        lasts.append(post.comments.last())  # query
    return lasts


@positive(statements=12, remedy='Prefetch("comments"')
async def prefetch_broken_by_an_order() -> list[str]:
    """So does another order."""
    words = []
    async for post in Post.objects.prefetch_related("comments"):  # loop
        words += [comment.content async for comment in post.comments.order_by("-content")]  # query
    return words


@positive(statements=12, remedy='Prefetch("tags"')
def prefetch_broken_by_values() -> list[str]:
    """So does `values_list`."""
    names: list[str] = []
    for post in Post.objects.prefetch_related("tags"):  # loop
        names += post.tags.values_list("name", flat=True)  # query
    return names


@positive(statements=12, remedy='select_related("author")')
def nested_serializers() -> list[list[str]]:
    """A serializer inside of a serializer: comments are prefetched, their authors are not (nplusone 34)."""

    def of_comment(comment: Comment) -> str:
        return f"{comment.author.username}: {comment.content}"  # query

    def of_post(post: Post) -> list[str]:
        return [of_comment(comment) for comment in post.comments.all()]  # loop

    first = Comment.objects.filter(content="Comment 0")
    return [of_post(post) for post in Post.objects.prefetch_related(Prefetch("comments", first))]


@positive(statements=11, remedy='select_related("author")')
def slug_related_field() -> list[str]:
    """A serializer's field that follows a dotted name (Django REST framework 1964)."""
    source = attrgetter("author.username")
    return [source(post) for post in Post.objects.all()]  # query # loop


@positive(statements=11, remedy='select_related("author")')
def columns_of_an_admin() -> list[list[str]]:
    """Columns are functions of a row."""

    def author(post: Post) -> str:
        return post.author.get_full_name()  # query

    rows = []
    for post in Post.objects.all():  # loop
        rows.append([str(post), author(post)])
    return rows


@positive(statements=11, remedy="in_bulk")
def async_code_for_each_row() -> list[str]:
    """A sync loop that runs an async helper for each row."""

    @async_to_sync
    async def username(post: Post) -> str:
        author = await User.objects.aget(pk=post.author_id)  # query
        return author.username

    names = []
    for post in Post.objects.all():  # loop
        names.append(username(post))
    return names


@positive(statements=11)
async def rows_by_anext() -> list[bool]:
    """An endless loop that takes one row after another from an iterator."""
    rows: AsyncIterator[Post] = aiter(Post.objects.all())
    found = []
    while True:  # loop
        try:
            post = await anext(rows)
        except StopAsyncIteration:
            return found
        found.append(await post.comments.filter(content="Comment 1").aexists())  # query


@positive(statements=11)
async def gathered_by_map() -> list[int]:
    """`gather(*map(...))`: the loop is `map`."""

    async def comments(post: Post) -> int:
        return await post.comments.acount()  # query

    posts = [post async for post in Post.objects.all()]
    return await asyncio.gather(*map(comments, posts))  # loop?


@positive(statements=11, remedy='annotate(Count("reactions"))')
async def generic_count() -> list[int]:
    """A count over a generic relation."""
    return [await post.reactions.acount() async for post in Post.objects.all()]  # query # loop


@positive(statements=11, remedy='annotate(Sum("reactions__count"))')
def generic_sum() -> list[int]:
    """A sum over a generic relation."""
    sums = []
    for post in Post.objects.all():  # loop
        found = post.reactions.aggregate(total=Sum("count"))  # query
        sums.append(found["total"])
    return sums


@positive(statements=12, remedy='prefetch_related("tags")')
def membership() -> list[str]:
    """Whether a tag is among each post's."""
    wanted = Tag.objects.get(name=NAMES[0])
    titles = []
    for post in Post.objects.all():  # loop
        if wanted in post.tags.all():  # query
            titles.append(post.title)
    return titles


@positive(statements=11)
def rows_of_the_table_between() -> int:
    """The rows of a many-to-many table, asked for by hand."""
    total = 0
    for post in Post.objects.all():  # loop
        total += len(Post.tags.through.objects.filter(post=post))  # query
    return total


@positive(statements=11, remedy='Prefetch("comments"')
async def latest_of_each() -> list[str]:
    """The latest comment of each post, as boards show it."""
    contents = []
    async for post in Post.objects.all():  # loop
        comment = await post.comments.alatest("pk")  # query
        contents.append(comment.content)
    return contents


@positive(statements=5, remedy='select_related("author")')
def one_author_of_all() -> list[str]:
    """Each row loads the same author: equal parameters, and a relation."""
    user = User.objects.get(username=USERNAMES[0])
    names = []
    for comment in Comment.objects.filter(author=user):  # loop
        names.append(comment.author.username)  # query
    return names


@positive(statements=11, remedy="ask once before the loop")
def number_that_does_not_change() -> list[float]:
    """A total that every turn counts again: a repeated COUNT is no matter of rows by key."""
    shares = []
    for tag in Tag.objects.annotate(uses=Count("posts")):  # loop
        shares.append(tag.uses / Post.objects.count())  # query
    return shares


@positive(statements=11, remedy="filter(author__username__in=[...])")
def rows_by_a_method() -> list[list[str]]:
    """A class method that filters, for each row."""

    class Feed:
        @classmethod
        def of(cls, user: User) -> list[Post]:
            drafts = Post.objects.filter(title__startswith="Post", author__username=user.username)
            return list(drafts)  # query

    return [[post.title for post in Feed.of(user)] for user in User.objects.all()]  # loop


@positive(statements=11, remedy='select_related("author")')
async def awaited_property() -> list[str]:
    """A property of a wrapper, awaited for each row."""

    class Line:
        def __init__(self, post: Post) -> None:
            self.post = post

        @property
        async def text(self) -> str:
            return await sync_to_async(lambda: self.post.author.username)()  # query

    return [await Line(post).text async for post in Post.objects.all()]  # loop

"""Positive: one query for each turn of a loop, in every shape of loop."""

from __future__ import annotations

import functools
import itertools
from collections import deque
from collections.abc import AsyncIterator, Iterator

from n_plus_one_corpus.program import positive
from n_plus_one_corpus.rows import NAMES, TITLES, USERNAMES, User
from sample_app.models import Comment, Post, Tag


@positive(statements=11, remedy="Fetch the rows of all iterations by one query")
async def loop_over_aget() -> list[User]:
    """Each post's author is fetched by key."""
    authors = []
    for key in [key async for key in Post.objects.values_list("author_id", flat=True)]:  # loop
        authors.append(await User.objects.aget(pk=key))  # query
    return authors


@positive(statements=11, remedy="Fetch the rows of all iterations by one query")
def loop_over_get() -> list[User]:
    """The same in sync code."""
    authors = []
    for post in Post.objects.all():  # loop
        author = User.objects.get(pk=post.author_id)  # query
        authors.append(author)
    return authors


@positive(statements=10, remedy="in_bulk")
async def loop_over_aget_by_unique_name() -> int:
    """Rows are fetched by a unique field, which in_bulk takes too."""
    total = 0
    for name in NAMES:  # loop
        tag = await Tag.objects.aget(name=name)  # query
        total += tag.pk
    return total


@positive(statements=10, remedy="in_bulk")
async def while_loop() -> list[str]:
    """A queue of names is worked off."""
    waiting = deque(USERNAMES)
    found = []
    while waiting:  # loop
        name = waiting.popleft()
        user = await User.objects.aget(username=name)  # query
        found.append(user.username)
    return found


@positive(statements=10)
async def async_comprehension() -> list[Post]:
    """A list comprehension that awaits a query in each turn."""
    return [await Post.objects.aget(title=title) for title in TITLES]  # query # loop


@positive(statements=11, remedy='select_related("author")')
def dict_comprehension() -> dict[str, str]:
    """A dictionary comprehension that touches a relation."""
    return {post.title: post.author.username for post in Post.objects.all()}  # query # loop


@positive(statements=11, remedy='prefetch_related("comments")')
def generator_expression() -> int:
    """A generator expression that `sum` consumes."""
    posts = Post.objects.all()
    return sum(len(post.comments.all()) for post in posts)  # query # loop


@positive(statements=11, remedy='select_related("author")')
def generator() -> list[str]:
    """The loop stands in a generator, whose consumer loops as well."""

    def bylines() -> Iterator[str]:
        for post in Post.objects.all():  # loop
            yield f"{post.title} by {post.author.username}"  # query

    return [line.upper() for line in bylines()]


@positive(statements=11, remedy="in_bulk")
async def async_generator() -> list[str]:
    """The same with an async generator."""

    async def authors() -> AsyncIterator[User]:
        async for post in Post.objects.all():  # loop
            yield await User.objects.aget(pk=post.author_id)  # query

    return [author.username async for author in authors()]


@positive(statements=11, remedy='select_related("author")')
def mapped() -> list[str]:
    """`map` is the loop."""

    def byline(post: Post) -> str:
        return post.author.username  # query

    return list(map(byline, Post.objects.all()))  # loop?


@positive(statements=11, remedy='select_related("author")')
def sorted_by_key() -> list[Post]:
    """`sorted` asks its key function for each row."""
    posts = list(Post.objects.all())
    return sorted(posts, key=lambda post: post.author.username)  # query # loop?


@positive(statements=11, remedy='select_related("author")')
def reduced() -> int:
    """`functools.reduce` is the loop."""

    def longest(known: int, post: Post) -> int:
        return max(known, len(post.author.username))  # query

    return functools.reduce(longest, Post.objects.all(), 0)  # loop?


@positive(statements=12, remedy='select_related("author")')
def chained() -> list[str]:
    """A loop over two querysets, chained."""
    drafts = Post.objects.filter(published=False)
    published = Post.objects.filter(published=True)
    names = []
    for post in itertools.chain(drafts, published):  # loop
        names.append(post.author.username)  # query
    return names


@positive(statements=32, remedy='select_related("author")')
def inner_of_two_loops() -> list[str]:
    """The loop to name is the inner one: the outer one's rows were prefetched."""
    names = []
    for post in Post.objects.prefetch_related("comments"):
        for comment in post.comments.all():  # loop
            if comment.author is not None:  # query
                names.append(comment.author.username)
    return names


@positive(statements=10)
def indexed_queryset() -> list[str]:
    """A queryset that was not evaluated sends a query for each index."""
    posts = Post.objects.order_by("pk")
    titles = []
    for index in range(len(TITLES)):  # loop
        titles.append(posts[index].title)  # query
    return titles


@positive(statements=10, remedy="")
def loop_with_break_and_else() -> str:
    """A search that goes through all and finds nothing."""
    for name in USERNAMES:  # loop
        if not User.objects.filter(username=name, is_active=True).exists():  # query
            break
    else:
        return "all"
    return name


@positive(statements=11)
async def walk_of_a_chain() -> int:
    """A recursion without a loop: each row asks for the next one."""

    chain = Comment.objects.filter(content="Comment 0").order_by("pk")

    async def length(newer_than: int) -> int:
        following = await chain.filter(pk__gt=newer_than).afirst()  # query
        return 0 if following is None else 1 + await length(following.pk)

    return await length(0)


@positive(statements=12, remedy='prefetch_related("comments")')
def recursion_over_a_tree() -> list[list[str]]:
    """A tree of tag, posts and comments; the branches of one level are walked in a comprehension."""

    def branch(node: Tag | Post, relations: list[str]) -> list:
        if not relations:
            return [str(node)]
        children = getattr(node, relations[0]).all()
        found = list(children)  # query
        return [branch(child, relations[1:]) for child in found]  # loop

    return branch(Tag.objects.get(name=NAMES[0]), ["posts", "comments"])


@positive(statements=11, remedy="in_bulk")
def walk_to_the_root() -> list[str]:
    """An endless loop that follows keys by hand, and waits for nothing."""
    keys = list(User.objects.order_by("pk").values_list("pk", flat=True))
    names: list[str] = []
    while True:  # loop
        if len(names) == len(keys):
            return names
        user = User.objects.get(pk=keys[len(names)])  # query
        names.append(user.username)

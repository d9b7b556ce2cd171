"""Positive: related objects, one at a time."""

from __future__ import annotations

import django
from asgiref.sync import sync_to_async

from n_plus_one_corpus.program import positive
from n_plus_one_corpus.rows import User
from sample_app.models import Comment, Post, Profile, Reaction, Tag


@positive(statements=11, remedy='select_related("author")')
async def lazy_author_through_sync_to_async() -> list[str]:
    """`async for`, and the relation is touched in a thread."""

    @sync_to_async
    def username(post: Post) -> str:
        return post.author.username  # query

    names = []
    async for post in Post.objects.all():  # loop
        names.append(await username(post))
    return names


@positive(statements=11, remedy='select_related("author")')
async def lazy_author_in_a_sync_function() -> list[str]:
    """The whole loop runs in the thread."""

    def usernames() -> list[str]:
        names = []
        for post in Post.objects.all():  # loop
            names.append(post.author.username)  # query
        return names

    return await sync_to_async(usernames)()


@positive(statements=11, remedy='prefetch_related("comments")')
async def reverse_foreign_key_in_async_for() -> list[str]:
    """The query's line is a loop itself, over its rows: the one that repeats it is around it."""
    words = []
    async for post in Post.objects.all():  # loop
        async for comment in post.comments.all():  # query
            words.append(comment.content)
    return words


@positive(statements=11, remedy='prefetch_related("comments")')
async def reverse_foreign_key_in_async_comprehension() -> list[str]:
    """The same with a comprehension inside the loop."""
    words = []
    async for post in Post.objects.all():  # loop
        words += [comment.content async for comment in post.comments.all()]  # query
    return words


@positive(statements=11, remedy='prefetch_related("comments")')
def reverse_foreign_key_in_list_comprehension() -> list[list]:
    """Each turn evaluates the queryset of one row."""
    posts = Post.objects.all()
    return [list(post.comments.all()) for post in posts]  # query # loop


@positive(statements=11, remedy='prefetch_related("tags")')
async def many_to_many() -> dict[str, list[str]]:
    """Tags of each post."""
    tags = {}
    async for post in Post.objects.all():  # loop
        tags[post.title] = [tag.name async for tag in post.tags.all()]  # query
    return tags


@positive(statements=11, remedy='prefetch_related("posts")')
def many_to_many_from_the_other_side() -> list[str]:
    """Posts of each tag."""
    lines = []
    for tag in Tag.objects.order_by("name"):  # loop
        titles = ", ".join(post.title for post in tag.posts.all())  # query
        lines.append(f"{tag.name}: {titles}")
    return lines


@positive(statements=11, remedy='select_related("profile")')
def one_to_one_from_the_other_side() -> list[str]:
    """The profile of each user."""
    return [user.profile.display_name for user in User.objects.all()]  # query # loop


@positive(statements=11, remedy='select_related("user")')
def one_to_one() -> list[str]:
    """The user of each profile."""
    names = []
    for profile in Profile.objects.all():  # loop
        names.append(profile.user.username)  # query
    return names


@positive(statements=11, remedy='prefetch_related("reactions")')
async def generic_relation() -> int:
    """Reactions of each post."""
    total = 0
    async for post in Post.objects.all():  # loop
        async for reaction in post.reactions.all():  # query
            total += reaction.count
    return total


@positive(statements=11, remedy='prefetch_related("target")')
def generic_foreign_key() -> list[str]:
    """What each reaction is for."""
    targets = []
    for reaction in Reaction.objects.filter(emoji="heart"):  # loop
        targets.append(str(reaction.target))  # query
    return targets


@positive(statements=12)
async def prefetch_broken_by_filter() -> list[str]:
    """What was prefetched is of no use to a filter, which asks again."""
    found = []
    async for post in Post.objects.prefetch_related("comments"):  # loop
        comment = await post.comments.filter(content="Comment 1").aget()  # query
        found.append(comment.content)
    return found


@positive(statements=11)
async def few_of_each() -> list[str]:
    """A limit makes it no page: each turn asks for another post's comments."""
    newest = []
    async for post in Post.objects.all():  # loop
        newest += [str(comment) async for comment in post.comments.order_by("-pk")[:2]]  # query
    return newest


@positive(statements=11)
async def constant_list_in_each() -> int:
    """A list of values makes it no batch: the list is the same in each turn, the post is not."""
    total = 0
    async for post in Post.objects.all():  # loop
        total += await post.comments.filter(content__in=["Comment 0", "Comment 1"]).acount()  # query
    return total


@positive(statements=31, remedy="select_related")
def two_steps_away() -> list[str]:
    """The first relation is joined, the one behind it is not."""
    names = []
    for comment in Comment.objects.select_related("post"):  # loop
        names.append(comment.post.author.username)  # query
    return names


if django.VERSION >= (5, 0):
    from django.db.models import aprefetch_related_objects

    @positive(statements=11, remedy="prefetch_related")
    async def prefetch_of_one_at_a_time() -> int:
        """The right function, called for each row instead of once for all."""
        total = 0
        async for post in Post.objects.all():  # loop
            await aprefetch_related_objects([post], "comments")  # query
            total += len(post.comments.all())
        return total

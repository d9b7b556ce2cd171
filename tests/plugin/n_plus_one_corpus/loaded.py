"""Negative: related objects that are loaded with the rows, and questions that one statement answers."""

from __future__ import annotations

import django
from asgiref.sync import sync_to_async
from django.db.models import Count, Exists, OuterRef, Prefetch, Subquery

from n_plus_one_corpus.program import negative
from n_plus_one_corpus.rows import User
from sample_app.models import Comment, Post, Profile, Reaction, Tag


@negative(statements=1)
async def selected() -> list[str]:
    """`select_related`, and the relation is touched in each turn."""
    return [post.author.username async for post in Post.objects.select_related("author")]


@negative(statements=1)
def selected_one_to_one() -> list[str]:
    """`select_related` from both sides of a one-to-one relation."""
    return [user.profile.user.username for user in User.objects.select_related("profile")]


@negative(statements=2)
async def prefetched() -> list[str]:
    """`prefetch_related` of a reverse foreign key."""
    words = []
    async for post in Post.objects.prefetch_related("comments"):
        words += [comment.content for comment in post.comments.all()]
    return words


@negative(statements=2)
def first_of_what_was_prefetched() -> list[Comment | None]:
    """`first()` takes the first of the rows that are there."""
    return [post.comments.first() for post in Post.objects.prefetch_related("comments")]


@negative(statements=4)
def prefetched_several() -> list[str]:
    """Three relations at once: many-to-many, generic and reverse."""
    names = []
    for post in Post.objects.prefetch_related("tags", "reactions", "comments"):
        names += [str(tag) for tag in post.tags.all()]
        names += [reaction.emoji for reaction in post.reactions.all()]
        names += [comment.content for comment in post.comments.all()]
    return names


@negative(statements=2)
async def prefetched_to_an_attribute() -> list[str]:
    """`Prefetch` with a queryset that joins, kept in a list."""
    first = Comment.objects.filter(content="Comment 0").select_related("author")
    posts = Post.objects.prefetch_related(Prefetch("comments", first, to_attr="first_comments"))
    return [post.first_comments[0].author.username async for post in posts]


@negative(statements=5)
def prefetched_in_depth() -> int:
    """Four levels: tags, posts, comments, authors, profiles."""
    total = 0
    for tag in Tag.objects.prefetch_related("posts__comments__author__profile"):
        for post in tag.posts.all():
            total += sum(len(comment.author.profile.display_name) for comment in post.comments.all())
    return total


@negative(statements=2)
def prefetched_generic_foreign_key() -> list[str]:
    """What reactions are for, all in one statement more."""
    return [str(reaction.target) for reaction in Reaction.objects.prefetch_related("target")]


@negative(statements=1)
async def annotated() -> list[int]:
    """Counts by the database."""
    return [post.replies async for post in Post.objects.annotate(replies=Count("comments"))]


@negative(statements=1)
async def annotated_by_subqueries() -> list[str]:
    """`Subquery` and `Exists` for each row, in one statement."""
    newest = Comment.objects.filter(post=OuterRef("pk")).order_by("-pk").values("content")[:1]
    liked = Reaction.objects.filter(object_id=OuterRef("pk"), emoji="heart")
    posts = Post.objects.annotate(newest=Subquery(newest), liked=Exists(liked))
    return [post.newest async for post in posts if post.liked]


@negative(statements=1)
def values_across_relations() -> list[str]:
    """`values_list` that joins."""
    return [f"{title} by {name}" for title, name in Post.objects.values_list("title", "author__username")]


@negative(statements=2)
def united() -> list[str]:
    """A union of three querysets, and what the database plans to do for it."""
    parts = [Tag.objects.filter(name__endswith=str(digit)) for digit in range(3)]
    everything = parts[0].union(*parts[1:])
    plan = Tag.objects.filter(name="tag-1").explain()
    return [tag.name for tag in everything] + [plan]


@negative(statements=1)
def keys_alone() -> list[int]:
    """The key of a related object is in the row."""
    return [post.author_id for post in Post.objects.all()]


@negative(statements=2)
async def read_twice_from_the_cache() -> int:
    """Three loops over what one loaded."""

    def lengths() -> int:
        posts = Post.objects.select_related("author").prefetch_related("comments")
        return sum(len(post.author.username) + post.comments.all().count() for _ in range(3) for post in posts)

    return await sync_to_async(lengths)()


@negative(statements=2)
def joined_by_hand() -> list[str]:
    """Authors in one query, kept in a dictionary."""
    posts = list(Post.objects.all())
    authors = {author.pk: author for author in User.objects.filter(pk__in={post.author_id for post in posts})}
    return [authors[post.author_id].username for post in posts]


@negative(statements=1)
def parents_set_by_the_relation() -> list[str]:
    """Rows that come through a relation know their parent."""
    profile = Profile.objects.select_related("user").first()
    return [profile.user.username for _ in range(10)]


if django.VERSION >= (5, 0):
    from django.db.models import aprefetch_related_objects

    @negative(statements=3)
    async def prefetched_later() -> int:
        """`aprefetch_related_objects` for all rows in one call."""
        posts = [post async for post in Post.objects.all()]
        await aprefetch_related_objects(posts, "comments", "tags")
        return sum(len(post.comments.all()) + len(post.tags.all()) for post in posts)

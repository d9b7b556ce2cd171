"""Positive: the query is in a function, and the loop in another."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.db.models.signals import pre_save
from django.forms import modelform_factory

from n_plus_one_corpus.program import positive
from n_plus_one_corpus.rows import User
from n_plus_one_corpus.services import author_of, teaser
from sample_app.models import Comment, Post, Tag


@positive(statements=11, remedy="in_bulk")
async def loop_in_another_file() -> list[str]:
    """A helper of another module is awaited for each row."""
    names = []
    async for post in Post.objects.all():  # loop
        author = await author_of(post)
        names.append(author.username)
    return names


@positive(statements=11)
async def query_two_calls_deep() -> list[str]:
    """Two sync helpers of another module, called through a thread hop."""
    teasers = []
    async for post in Post.objects.all():  # loop
        teasers.append(await sync_to_async(teaser)(post))
    return teasers


@positive(statements=11, remedy='select_related("author")')
async def property_that_queries() -> list[str]:
    """A class of the project's own, with a property that touches a relation."""

    class Card:
        def __init__(self, post: Post) -> None:
            self.post = post

        @property
        def byline(self) -> str:
            return f"by {self.post.author.username}"  # query

    def bylines() -> list[str]:
        cards = [Card(post) for post in Post.objects.all()]
        return [card.byline for card in cards]  # loop

    return await sync_to_async(bylines)()


@positive(statements=21)
def signal_receiver() -> None:
    """A receiver of pre_save looks something up for each row that a loop saves."""

    def check_author(sender: type[Post], instance: Post, **kwargs: object) -> None:
        if not User.objects.filter(pk=instance.author_id, is_active=True).exists():  # query
            raise ValueError("the author has left")

    posts = list(Post.objects.all())
    pre_save.connect(check_author, sender=Post)
    try:
        for post in posts:  # loop
            post.views += 1
            post.save()
    finally:
        pre_save.disconnect(check_author, sender=Post)


@positive(statements=11)
async def validation_in_a_loop() -> None:
    """`full_clean` looks for the author of each comment."""

    def check() -> None:
        for comment in Comment.objects.filter(content="Comment 0"):  # loop
            comment.full_clean(exclude=["post"])  # query

    await sync_to_async(check)()


@positive(statements=3)
async def validation_of_unique_names() -> None:
    """`full_clean` looks for another tag of each name."""

    def check() -> None:
        for name in ("d", "e", "f"):  # loop
            Tag(name=name).full_clean()  # query

    await sync_to_async(check)()


@positive(statements=3)
async def validation_of_forms() -> None:
    """The form of each tag looks for another one of its name."""
    form = modelform_factory(Tag, fields=["name"])

    def check() -> None:
        for name in ("d", "e", "f"):  # loop
            form({"name": name}).is_valid()  # query

    await sync_to_async(check)()

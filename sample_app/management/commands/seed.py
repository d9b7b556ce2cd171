"""`seed`: make the databases ready, and posts to look at."""

from __future__ import annotations

from argparse import ArgumentParser
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from sample_app.models import Comment, Post, Tag
from sample_app.routers import AUDIT_ALIAS

_BATCH = 1000


class Command(BaseCommand):
    """Migrates both databases, then adds posts, with comments, users and tags."""

    help = "Migrate the databases and add posts with comments, by ten users."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many posts, and how many comments of each."""
        parser.add_argument("posts", type=int, help="how many posts to add")
        parser.add_argument("--comments", type=int, default=3, help="comments of each post (default: 3)")

    def handle(self, *_: Any, posts: int, comments: int, verbosity: int, **__: Any) -> None:
        """Migrate and add. Raises CommandError for a number below 0."""
        if posts < 0 or comments < 0:
            raise CommandError("posts and comments are numbers from 0 on")
        for alias in ("default", AUDIT_ALIAS):
            call_command("migrate", database=alias, verbosity=verbosity - 1)
        with transaction.atomic():
            _add(posts, comments)
        self.stdout.write(f"added {posts} posts with {comments} comments each")


def _add(posts: int, comments: int) -> None:
    users = _users()
    tags = [Tag.objects.get_or_create(name=name)[0] for name in ("django", "async", "orm")]
    first = Post.objects.count()
    fresh = (
        Post(
            title=f"Post {number}",
            content=f"Content of post {number}.",
            published=number % 2 == 0,
            author=users[number % len(users)],
        )
        for number in range(first, first + posts)
    )
    # In batches: a million posts need no more memory than a thousand.
    while batch := list(islice(fresh, _BATCH)):
        Post.objects.bulk_create(batch)
        made = list(Post.objects.order_by("-pk")[: len(batch)])
        _add_comments(made, users, comments)
        links = Post.tags.through
        links.objects.bulk_create(links(post=post, tag=tags[post.pk % len(tags)]) for post in made)


def _add_comments(posts: list[Post], users: list[Any], comments: int) -> None:
    Comment.objects.bulk_create(
        Comment(post=post, author=users[(post.pk + number) % len(users)], content=f"Comment {number}.")
        for post in posts
        for number in range(comments)
    )


def _users() -> list[Any]:
    """Ten users without a password, so that nobody can log in as one."""
    model = get_user_model()
    names = [f"user{number}" for number in range(10)]
    known = set(model.objects.filter(username__in=names).values_list("username", flat=True))
    for name in names:
        if name not in known:
            model.objects.create_user(name)
    return list(model.objects.filter(username__in=names).order_by("pk"))

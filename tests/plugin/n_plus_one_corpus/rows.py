"""The rows that every program of the corpus finds."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType

from sample_app.models import AuditEntry, Comment, Post, Profile, Reaction, Tag

User = get_user_model()
POSTS = 10
TITLES = [f"Post {number}" for number in range(POSTS)]
NAMES = [f"tag-{number}" for number in range(POSTS)]
USERNAMES = [f"writer-{number}" for number in range(POSTS)]


def build() -> None:
    """Ten posts, each with its author, three comments, two tags and two reactions; a profile for each author.

    The first tag is on every post. The second database has an entry for each title.
    """
    User.objects.bulk_create(User(username=name) for name in USERNAMES)
    users = list(User.objects.order_by("pk"))
    Profile.objects.bulk_create(Profile(user=user, display_name=user.username.title()) for user in users)
    Tag.objects.bulk_create(Tag(name=name) for name in NAMES)
    tags = list(Tag.objects.order_by("pk"))
    Post.objects.bulk_create(
        Post(title=title, content="Long.", author=user) for title, user in zip(TITLES, users, strict=True)
    )
    posts = list(Post.objects.order_by("pk"))
    through = Post.tags.through
    through.objects.bulk_create(through(post=post, tag=tags[0]) for post in posts)
    through.objects.bulk_create(through(post=post, tag=tag) for post, tag in zip(posts[1:], tags[1:], strict=True))
    through.objects.create(post=posts[0], tag=tags[1])
    Comment.objects.bulk_create(
        Comment(post=post, author=users[(at + turn) % POSTS], content=f"Comment {turn}")
        for at, post in enumerate(posts)
        for turn in range(3)
    )
    # In the content types' own cache from here on, as in a project that has served its first request.
    ContentType.objects.clear_cache()
    kind = ContentType.objects.get_for_model(Post)
    Reaction.objects.bulk_create(
        Reaction(content_type=kind, object_id=post.pk, emoji=emoji) for post in posts for emoji in ("+1", "heart")
    )
    AuditEntry.objects.bulk_create(AuditEntry(action=title) for title in TITLES)

"""From drawn rows to table rows.

Keys are given, far above those that a sequence reaches: so both twins see the same keys, and a key that was not
seeded is a new row's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from uuid import UUID

from conformance.strategies.rows import EMOJIS, FIRST_KEY, LAST_KEY

if TYPE_CHECKING:
    from conformance.strategies.rows import CommentRow, PostRow, Rows

Table = tuple[type[Any], list[dict[str, Any]]]
KNOWN_KEYS = frozenset(range(FIRST_KEY, LAST_KEY))
USERNAMES = ("ada", "grace")
TAG_NAMES = ("django", "async", "orm")


def key(position: int) -> int:
    """The primary key of the row at a position of the drawn rows."""
    return FIRST_KEY + position


def seeded_models() -> tuple[type[Any], ...]:
    """The models whose tables are seeded and observed, each after those that it refers to."""
    from django.contrib.auth import get_user_model

    from sample_app.models import Comment, Post, Profile, Reaction, Review, Specimen, Tag

    return (get_user_model(), Tag, Post, Comment, Post.tags.through, Profile, Review, Reaction, Specimen)


def sentinel_rows() -> Iterator[Table]:
    """One row with a key above every seeded one.

    Databases that go on from the highest key that a table ever had then never give a new row a seeded row's key.
    """
    user, tag, post, comment, link, profile, _, reaction, specimen = seeded_models()
    last = LAST_KEY
    yield user, [{**_user(0, "sentinel"), "id": last}]
    yield tag, [{"id": last, "name": "sentinel"}]
    moment = datetime(2000, 1, 1, tzinfo=timezone.utc)
    columns = {"id": last, "content": "sentinel", "created_at": moment, "author": None}
    yield post, [{**columns, "title": "sentinel", "published": False, "views": 0}]
    yield comment, [{**columns, "post": last}]
    yield link, [{"id": last, "post": last, "tag": last}]
    yield profile, [{"id": last, "user": last, "display_name": ""}]
    yield reaction, [{**_reaction(0, 0, 0, 0), "id": last}]
    yield specimen, [{"id": last, "uuid": UUID(int=0), "text": "", "big": 0, "small": 0}]


def seeded_rows(rows: Rows) -> Iterator[Table]:
    """Each model with its rows as dicts from field name to value."""
    user, tag, post, comment, link, profile, review, reaction, specimen = seeded_models()
    yield user, [_user(position, name) for position, name in enumerate(USERNAMES)]
    yield tag, [{"id": key(position), "name": name} for position, name in enumerate(TAG_NAMES)]
    yield post, [_post(position, row) for position, row in enumerate(rows.posts)]
    yield comment, [_comment(position, row) for position, row in enumerate(rows.comments)]
    links = [(post_at, tag_at) for post_at, row in enumerate(rows.posts) for tag_at in row.tags]
    yield link, [_link(position, *ends) for position, ends in enumerate(links)]
    names = [(position, name) for position, name in enumerate(rows.profiles) if name is not None]
    yield profile, [{"id": key(at), "user": key(at), "display_name": name} for at, name in names]
    ratings = [(position, row.rating) for position, row in enumerate(rows.posts) if row.rating is not None]
    yield review, [{"post_ptr": key(position), "rating": rating} for position, rating in ratings]
    reactions = [(at, *drawn) for at, row in enumerate(rows.posts) for drawn in row.reactions]
    yield reaction, [_reaction(position, *drawn) for position, drawn in enumerate(reactions)]
    yield specimen, [{"id": key(position), **asdict(row)} for position, row in enumerate(rows.specimens)]


def _user(position: int, name: str) -> dict[str, Any]:
    return {
        "id": key(position),
        "username": name,
        "password": "!",
        "is_superuser": False,
        "first_name": "",
        "last_name": "",
        "email": f"{name}@example.com",
        "is_staff": False,
        "is_active": True,
        "date_joined": datetime(2000, 1, 1, tzinfo=timezone.utc),
    }


def _post(position: int, row: PostRow) -> dict[str, Any]:
    return {
        "id": key(position),
        "title": row.title,
        "content": row.content,
        "published": row.published,
        "created_at": row.created_at,
        "views": row.views,
        "author": None if row.author is None else key(row.author),
    }


def _comment(position: int, row: CommentRow) -> dict[str, Any]:
    return {
        "id": key(position),
        "post": key(row.post),
        "author": None if row.author is None else key(row.author),
        "content": row.content,
        "created_at": row.created_at,
    }


def _link(position: int, post: int, tag: int) -> dict[str, Any]:
    return {"id": key(position), "post": key(post), "tag": key(tag)}


def content_type_of_posts() -> int:
    """From Django's cache: which number the table has given to a model says nothing."""
    from django.contrib.contenttypes.models import ContentType

    from sample_app.models import Post

    return int(ContentType.objects.get_for_model(Post).pk)


def _reaction(position: int, post: int, emoji: int, count: int) -> dict[str, Any]:
    return {
        "id": key(position),
        "content_type": content_type_of_posts(),
        "object_id": key(post),
        "emoji": EMOJIS[emoji],
        "count": count,
    }

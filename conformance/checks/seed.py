"""From drawn rows to table rows.

Keys are given, far above those that a sequence reaches: so both twins see the same keys, and a key that was not
seeded is a new row's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.strategies import Rows

FIRST_KEY = 10_000_000
_MOST_ROWS = 100
KNOWN_KEYS = frozenset(range(FIRST_KEY, FIRST_KEY + _MOST_ROWS))
USERNAMES = ("ada", "grace")
TAG_NAMES = ("django", "async", "orm")


def key(position: int) -> int:
    """The primary key of the row at a position of the drawn rows."""
    return FIRST_KEY + position


def seeded_models() -> tuple[type[Any], ...]:
    """The models whose tables are seeded and observed, each after those that it refers to."""
    from django.contrib.auth import get_user_model

    from sample_app.models import Comment, Post, Tag

    return (get_user_model(), Tag, Post, Comment, Post.tags.through)


def sentinel_rows() -> Iterator[tuple[type[Any], list[dict[str, Any]]]]:
    """One row with a key above every seeded one.

    Databases that go on from the highest key that a table ever had then never give a new row a seeded row's key.
    """
    user, tag, post, comment, _ = seeded_models()
    last = FIRST_KEY + _MOST_ROWS
    yield user, [{**_user(0, "sentinel"), "id": last}]
    yield tag, [{"id": last, "name": "sentinel"}]
    moment = datetime(2000, 1, 1, tzinfo=timezone.utc)
    columns = {"id": last, "content": "sentinel", "created_at": moment, "author": None}
    yield post, [{**columns, "title": "sentinel", "published": False, "views": 0}]
    yield comment, [{**columns, "post": last}]


def seeded_rows(rows: Rows) -> Iterator[tuple[type[Any], list[dict[str, Any]]]]:
    """Each model with its rows as dicts from field name to value."""
    user, tag, post, comment, link = seeded_models()
    yield user, [_user(position, name) for position, name in enumerate(USERNAMES)]
    yield tag, [{"id": key(position), "name": name} for position, name in enumerate(TAG_NAMES)]
    yield post, [_post(position, row) for position, row in enumerate(rows.posts)]
    yield comment, [_comment(position, row) for position, row in enumerate(rows.comments)]
    links = [(post_at, tag_at) for post_at, row in enumerate(rows.posts) for tag_at in row.tags]
    yield link, [{"post": key(post_at), "tag": key(tag_at)} for post_at, tag_at in links]


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


def _post(position: int, row: Any) -> dict[str, Any]:
    return {
        "id": key(position),
        "title": row.title,
        "content": row.content,
        "published": row.published,
        "created_at": row.created_at,
        "views": row.views,
        "author": None if row.author is None else key(row.author),
    }


def _comment(position: int, row: Any) -> dict[str, Any]:
    return {
        "id": key(position),
        "post": key(row.post),
        "author": None if row.author is None else key(row.author),
        "content": row.content,
        "created_at": row.created_at,
    }

"""The rows that stand in the database when an example begins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from hypothesis import strategies as st

from conformance.strategies.values import MOMENTS, small_integers

USERS = 2
TAGS = 3
MOST_POSTS = 4


@dataclass(frozen=True)
class PostRow:
    """A post; `author` and `tags` are positions in the rows' users and tags."""

    title: str
    content: str
    published: bool
    created_at: datetime
    views: int
    author: int | None
    tags: tuple[int, ...]


@dataclass(frozen=True)
class CommentRow:
    """A comment; `post` and `author` are positions in the rows' posts and users."""

    post: int
    author: int | None
    content: str
    created_at: datetime


@dataclass(frozen=True)
class Rows:
    """Two users and three tags are always there; posts and comments are as drawn."""

    posts: tuple[PostRow, ...]
    comments: tuple[CommentRow, ...]


# Any Unicode that every database stores: without NUL (PostgreSQL) and without lone surrogates (all).
_ALPHABET = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
TEXTS = st.sampled_from(["", "a", "b", "A", "é", "100%", "%s", "'"]) | st.text(_ALPHABET, max_size=12)
SHORT_TEXTS = st.sampled_from(["", "a", "b", "A", "é", "%"])


def _post(title: str, content: str, views: int, choice: int) -> PostRow:
    """A post from few drawn values: `choice` holds a digit for each small field, because every draw costs."""
    choice, published = divmod(choice, 2)
    choice, author = divmod(choice, USERS + 1)
    moment, tags = divmod(choice, 2**TAGS)
    return PostRow(
        title=title,
        content=content,
        published=bool(published),
        created_at=MOMENTS[moment],
        views=views,
        author=author - 1 if author else None,
        tags=tuple(position for position in range(TAGS) if tags >> position & 1),
    )


def _comment(content: str, choice: int) -> CommentRow:
    choice, author = divmod(choice, USERS + 1)
    moment, post = divmod(choice, MOST_POSTS)
    return CommentRow(post=post, author=author - 1 if author else None, content=content, created_at=MOMENTS[moment])


def _rows(posts: list[PostRow], comments: list[CommentRow]) -> Rows:
    """Comments of posts that were not drawn go to one that was."""
    placed = (replace(comment, post=comment.post % len(posts)) for comment in comments) if posts else ()
    return Rows(tuple(posts), tuple(placed))


_POSTS = st.builds(_post, TEXTS, TEXTS, small_integers(), st.integers(0, 2 * (USERS + 1) * 2**TAGS * len(MOMENTS) - 1))
_COMMENTS = st.lists(
    st.builds(_comment, TEXTS, st.integers(0, (USERS + 1) * MOST_POSTS * len(MOMENTS) - 1)), max_size=3
)


def rows(min_posts: int = 0, max_posts: int = MOST_POSTS) -> st.SearchStrategy[Rows]:
    """A small database; few rows, because most defects show on few."""
    return st.builds(_rows, st.lists(_POSTS, min_size=min_posts, max_size=max_posts), _COMMENTS)

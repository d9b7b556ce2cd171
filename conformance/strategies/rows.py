"""The rows that stand in the database when an example begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hypothesis import strategies as st

from conformance.strategies.values import MOMENTS, small_integers

USERS = 2
TAGS = 3


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


def texts(max_size: int = 12) -> st.SearchStrategy[str]:
    """Any Unicode that every database stores: without NUL (PostgreSQL) and without lone surrogates (all)."""
    alphabet = st.characters(exclude_characters="\x00", exclude_categories=("Cs",))
    return st.sampled_from(["", "a", "b", "A", "é", "100%", "%s", "'"]) | st.text(alphabet, max_size=max_size)


def _posts() -> st.SearchStrategy[PostRow]:
    return st.builds(
        PostRow,
        title=texts(),
        content=texts(),
        published=st.booleans(),
        created_at=MOMENTS,
        views=small_integers(),
        author=st.none() | st.integers(0, USERS - 1),
        tags=st.sets(st.integers(0, TAGS - 1)).map(lambda chosen: tuple(sorted(chosen))),
    )


def _comments(posts: int) -> st.SearchStrategy[CommentRow]:
    return st.builds(
        CommentRow,
        post=st.integers(0, posts - 1),
        author=st.none() | st.integers(0, USERS - 1),
        content=texts(),
        created_at=MOMENTS,
    )


@st.composite
def rows(draw: st.DrawFn, min_posts: int = 0, max_posts: int = 4, max_comments: int = 3) -> Rows:
    """A small database; few rows, because most defects show on few."""
    posts = tuple(draw(st.lists(_posts(), min_size=min_posts, max_size=max_posts)))
    comments = tuple(draw(st.lists(_comments(len(posts)), max_size=max_comments))) if posts else ()
    return Rows(posts, comments)

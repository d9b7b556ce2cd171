"""The rows that stand in the database when an example begins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from conformance.strategies.values import (
    BIGS,
    BINARIES,
    DAYS,
    DECIMALS,
    DURATIONS,
    FLAGS,
    JSONS,
    MOMENTS,
    REALS,
    SMALLS,
    TIMES,
    UUIDS,
    Digits,
)

# Keys are given, far above those that a sequence reaches.
FIRST_KEY = 10_000_000
MOST_ROWS = 100
# One row has it, so that every sequence goes on from here.
LAST_KEY = FIRST_KEY + MOST_ROWS
USERS = 2
TAGS = 3
MOST_POSTS = 4
EMOJIS = ("+", "é", "🎉")
_DISPLAY_NAMES = (None, "", "Ada", "é")
# None: the post is no review. Half of them are none, because a child's row makes every deletion longer.
_RATINGS = (None, None, 0, -(2**15))


@dataclass(frozen=True)
class PostRow:
    """A post; `author` and `tags` are positions in the rows' users and tags.

    `reactions` are pairs of a position in `EMOJIS` and a count. With a `rating` it is a review as well.
    """

    title: str
    content: str
    published: bool
    created_at: datetime
    views: int
    author: int | None
    tags: tuple[int, ...]
    reactions: tuple[tuple[int, int], ...] = ()
    rating: int | None = None


@dataclass(frozen=True)
class CommentRow:
    """A comment; `post` and `author` are positions in the rows' posts and users."""

    post: int
    author: int | None
    content: str
    created_at: datetime


@dataclass(frozen=True)
class SpecimenRow:
    """A value for a field of every type."""

    decimal: Decimal | None
    json: Any
    uuid: UUID
    moment: datetime | None
    day: date | None
    time: time | None
    duration: timedelta | None
    binary: bytes | None
    text: str
    big: int
    small: int
    real: float | None
    flag: bool | None


@dataclass(frozen=True)
class Rows:
    """Two users and three tags are always there; the others are as drawn.

    `profiles` has a display name for each user, or None where there is no profile.
    """

    posts: tuple[PostRow, ...]
    comments: tuple[CommentRow, ...]
    profiles: tuple[str | None, ...] = ()
    specimens: tuple[SpecimenRow, ...] = ()

    def more(self) -> Iterable[tuple[type[Any], list[dict[str, Any]]]]:
        """Rows of other tables, each after those that it refers to: models with dicts from field name to value."""
        return ()


# For an operation that asks no database.
NO_ROWS = Rows((), ())
# For one that needs some rows, whichever: always the same, so that they are seeded once. Their views are 0, 1, 2, ...
NUMBERED_POSTS = Rows(
    tuple(PostRow(f"title {number}", "", True, MOMENTS[0], number, None, ()) for number in range(7)), ()
)

# Any Unicode that every database stores: without NUL (PostgreSQL) and without lone surrogates (all).
_ALPHABET = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
TEXTS = st.sampled_from(["", "a", "b", "A", "é", "100%", "%s", "'"]) | st.text(_ALPHABET, max_size=12)
SHORT_TEXTS = st.sampled_from(["", "a", "b", "A", "é", "%"])


def _post(title: str, content: str, views: int, choice: int) -> PostRow:
    """A post from few drawn values: `choice` holds a digit for each small field, because every draw costs."""
    digits = Digits(choice)
    published, author = bool(digits.below(2)), digits.below(USERS + 1)
    tags, moment = digits.subset(TAGS), digits.of(MOMENTS)
    emojis, count, rating = digits.subset(len(EMOJIS)), digits.below(3), digits.of(_RATINGS)
    return PostRow(
        title=title,
        content=content,
        published=published,
        created_at=moment,
        views=views,
        author=author - 1 if author else None,
        tags=tags,
        reactions=tuple((emoji, count + position) for position, emoji in enumerate(emojis)),
        rating=rating,
    )


_POST_CHOICES = 2 * (USERS + 1) * 2**TAGS * len(MOMENTS) * 2 ** len(EMOJIS) * 3 * len(_RATINGS)


def _comment(content: str, choice: int) -> CommentRow:
    choice, author = divmod(choice, USERS + 1)
    moment, post = divmod(choice, MOST_POSTS)
    return CommentRow(post=post, author=author - 1 if author else None, content=content, created_at=MOMENTS[moment])


def _rows(posts: list[PostRow], comments: list[CommentRow], profiles: int) -> Rows:
    """Comments of posts that were not drawn go to one that was."""
    placed = (replace(comment, post=comment.post % len(posts)) for comment in comments) if posts else ()
    digits = Digits(profiles)
    return Rows(tuple(posts), tuple(placed), tuple(digits.of(_DISPLAY_NAMES) for _ in range(USERS)))


# Small databases, made once: drawing one is drawing its number. Those with fewer posts come first, and of each number
# of posts first the plainest, because Hypothesis shrinks towards zero.
_DATABASES = 1200
_COMMON_TEXTS = ("", "a", "b", "A", "é", "100%", "%s", "'")
_RANGES = ((1, 0x7F), (0x80, 0x24F), (0x400, 0x4FF), (0x4E00, 0x9FFF), (0xE000, 0xFFFD), (0x1F300, 0x1FAFF))


def rows(min_posts: int = 0, max_posts: int = MOST_POSTS) -> st.SearchStrategy[Rows]:
    """A small database; few rows, because most defects show on few."""
    return st.integers(0, _DATABASES - 1).map(lambda number: _database(number, min_posts, max_posts))


@cache
def _database(number: int, min_posts: int, max_posts: int) -> Rows:
    sizes = max_posts - min_posts + 1
    posts, place = divmod(number * sizes, _DATABASES)
    posts += min_posts
    if place < sizes:
        return _rows([_post("", "", 0, 0)] * posts, [], 0)
    random = Random(f"{number} of {min_posts} to {max_posts}")
    return _rows(
        [_post(_text(random), _text(random), _views(random), random.randrange(_POST_CHOICES)) for _ in range(posts)],
        [_comment(_text(random), random.randrange(_COMMENT_CHOICES)) for _ in range(random.randrange(4))],
        random.randrange(len(_DISPLAY_NAMES) ** USERS),
    )


_COMMENT_CHOICES = (USERS + 1) * MOST_POSTS * len(MOMENTS)


def _text(random: Random) -> str:
    if random.random() < 0.7:  # equal texts matter
        return random.choice(_COMMON_TEXTS)
    return "".join(chr(random.randint(*random.choice(_RANGES))) for _ in range(random.randrange(13)))


def _views(random: Random) -> int:
    return random.randint(-3, 6) if random.random() < 0.7 else random.choice((-(2**31), 2**31 - 1))


def reviewed_rows() -> st.SearchStrategy[Rows]:
    """The same where the first post is a review."""
    return st.builds(_reviewed, rows(min_posts=1), st.sampled_from((0, 2**15 - 1)))


def _reviewed(drawn: Rows, rating: int) -> Rows:
    first, *others = drawn.posts
    return replace(drawn, posts=(replace(first, rating=rating), *others))


def some_reviewed_rows() -> st.SearchStrategy[Rows]:
    """The same where any of the posts are reviews: what is packed with many others into one draw is seldom one."""
    which = st.sampled_from((1, 1, 1, 3, *range(2**MOST_POSTS)))
    return st.builds(_some_reviewed, rows(min_posts=1), which)


def _some_reviewed(drawn: Rows, which: int) -> Rows:
    posts = (replace(post, rating=at if which >> at & 1 else None) for at, post in enumerate(drawn.posts))
    return replace(drawn, posts=tuple(posts))


def _specimen(first: int, second: int) -> SpecimenRow:
    one, two = Digits(first), Digits(second)
    return SpecimenRow(
        decimal=one.of(DECIMALS),
        json=one.of(JSONS),
        uuid=one.of(UUIDS),
        moment=one.of((None, *MOMENTS)),
        day=one.of(DAYS),
        time=one.of(TIMES),
        duration=two.of(DURATIONS),
        binary=two.of(BINARIES),
        text=two.of(("", "a", "é", "🎉")),
        big=two.of(BIGS),
        small=two.of(SMALLS),
        real=two.of(REALS),
        flag=two.of(FLAGS),
    )


_SPECIMENS = st.builds(
    _specimen,
    st.integers(0, len(DECIMALS) * len(JSONS) * len(UUIDS) * 19 * len(DAYS) * len(TIMES) - 1),
    st.integers(0, len(DURATIONS) * len(BINARIES) * 4 * len(BIGS) * len(SMALLS) * len(REALS) * len(FLAGS) - 1),
)


def specimen_rows(min_specimens: int = 0) -> st.SearchStrategy[Rows]:
    """Specimens, and nothing else."""
    specimens = st.lists(_SPECIMENS, min_size=min_specimens, max_size=4)
    return specimens.map(lambda drawn: Rows((), (), specimens=tuple(drawn)))

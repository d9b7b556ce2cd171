"""Operations that write: through querysets, managers and instances."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from hypothesis import strategies as st

from conformance.checks.outcomes import Wrong
from conformance.checks.registry import register
from conformance.checks.seed import key
from conformance.checks.stage import Stage
from conformance.checks.subjects.reading import READINGS, Reading, manager, queryset
from conformance.checks.twins import Sides, operation, refuse, register_twins, trace_both
from conformance.strategies import MOMENTS, TEXTS, QuerysetPlan, Rows, queries, rows, small_integers


@dataclass(frozen=True)
class Fields:
    """Values for a post; `created_at` None leaves it to the clock."""

    title: str
    content: str
    published: bool
    views: int
    author: int | None
    created_at: datetime | None

    def as_columns(self) -> dict[str, Any]:
        """The values by column, with keys in the place of rows."""
        columns: dict[str, Any] = {
            "title": self.title,
            "content": self.content,
            "published": self.published,
            "views": self.views,
            "author_id": None if self.author is None else key(self.author),
        }
        return columns if self.created_at is None else {**columns, "created_at": self.created_at}


@dataclass(frozen=True)
class Updating:
    """Rows, a query over them, and new values."""

    rows: Rows
    query: QuerysetPlan
    changes: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Creating:
    """Rows, and the values of a new one."""

    rows: Rows
    fields: Fields


@dataclass(frozen=True)
class Changing:
    """Rows, one of the posts, and values to give it."""

    rows: Rows
    any_position: int
    fields: Fields
    only: tuple[str, ...] | None

    @property
    def position(self) -> int:
        """Which of the rows' posts it is about, from 0."""
        return self.any_position % len(self.rows.posts)


FIELDS = st.builds(
    Fields,
    title=TEXTS,
    content=TEXTS,
    published=st.booleans(),
    views=small_integers(),
    author=st.none() | st.integers(0, 1),
    created_at=st.none() | st.sampled_from(MOMENTS),
)
UPDATINGS = st.builds(
    Updating,
    rows=rows(min_posts=1),
    query=queries(),
    changes=st.fixed_dictionaries(
        {"title": TEXTS}, optional={"views": small_integers(), "published": st.booleans()}
    ).map(lambda changes: tuple(changes.items())),
)
CREATINGS = st.builds(Creating, rows=rows(max_posts=2), fields=FIELDS)


_SETS_OF_FIELDS = [
    fields for size in range(1, 5) for fields in combinations(("content", "published", "title", "views"), size)
]
CHANGINGS = st.builds(
    Changing,
    rows=rows(min_posts=1, max_posts=3),
    any_position=st.integers(0, 2),
    fields=FIELDS,
    only=st.none() | st.sampled_from(_SETS_OF_FIELDS),
)

register_twins(
    "queryset.aupdate",
    UPDATINGS,
    lambda stage, example: operation(
        stage, queryset(stage, QuerysetPlan(example.query.filters, None)), "update", **dict(example.changes)
    ),
)


def _delete(stage: Stage, example: Reading) -> Sides:
    return operation(stage, queryset(stage, QuerysetPlan(example.query.filters, None)), "delete")


register_twins("queryset.adelete", READINGS, _delete)
register_twins(
    "queryset.acreate",
    CREATINGS,
    lambda stage, example: operation(stage, manager(stage), "create", **example.fields.as_columns()),
)


def _returns_a_count(stage: Stage, example: Reading) -> None:
    _, asynchronous = trace_both(stage, example, _delete)
    refuse(asynchronous)
    if type(asynchronous.value) is not int:
        raise Wrong(
            "The source text uses what adelete returns as a count; it is not one.",
            expected="an int",
            observed=asynchronous.value,
            sql=asynchronous.sql,
        )


register("claim.o6.adelete_returns_a_count", "result", READINGS)(_returns_a_count)


def instance(stage: Stage, position: int) -> Any:
    """The post at a position of the drawn rows, fetched by the synchronous ORM."""
    return manager(stage).get(pk=key(position))


def _with_instance(post: Any, sides: Sides) -> Sides:
    """The result together with the instance as it is afterwards."""

    async def asynchronous() -> Any:
        return [await sides.asynchronous(), post]

    return Sides(sync=lambda: [sides.sync(), post], asynchronous=asynchronous)


def _changed(stage: Stage, example: Changing) -> Any:
    post = instance(stage, example.position)
    for name, value in example.fields.as_columns().items():
        setattr(post, name, value)
    return post


def _save(stage: Stage, example: Changing) -> Sides:
    post = _changed(stage, example)
    only = {} if example.only is None else {"update_fields": example.only}
    return _with_instance(post, operation(stage, post, "save", **only))


def _save_new(stage: Stage, example: Creating) -> Sides:
    from sample_app.models import Post

    post = Post(**example.fields.as_columns())
    return _with_instance(post, operation(stage, post, "save"))


def _delete_instance(stage: Stage, example: Changing) -> Sides:
    return operation(stage, instance(stage, example.position), "delete")


def _refresh(stage: Stage, example: Changing) -> Sides:
    post = _changed(stage, example)
    only = {} if example.only is None else {"fields": example.only}
    return _with_instance(post, operation(stage, post, "refresh_from_db", **only))


register_twins("model.asave", CHANGINGS, _save)
register_twins("model.asave.new", CREATINGS, _save_new)
register_twins("model.adelete", CHANGINGS, _delete_instance)
register_twins("model.arefresh_from_db", CHANGINGS, _refresh)

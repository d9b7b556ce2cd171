"""Operations under a router of the project's own, which sends reads to one alias and writes to another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.registry import register_experiment
from conformance.checks.second_alias import second_alias
from conformance.checks.seed import key
from conformance.checks.stage import Stage
from conformance.checks.subjects.cache import Call, calls
from conformance.checks.twins import operation
from conformance.strategies import Rows, rows
from conformance.strategies.meanwhile import SECOND_ALIAS

# What routers were asked, by the side that runs.
_ASKED: list[tuple[Any, ...]] = []


class ReplicaRouter:
    """Posts and comments are read from a replica; everything is written to `default`, as the documentation shows it."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """The replica."""
        _ASKED.append(("read", model.__name__, tuple(sorted(hints))))
        return SECOND_ALIAS if model.__name__ in ("Post", "Comment") else None

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """Never the replica."""
        _ASKED.append(("write", model.__name__, tuple(sorted(hints))))
        return "default"

    def allow_relation(self, first: Any, second: Any, **_: Any) -> bool:
        """Both aliases are one database."""
        _ASKED.append(("relation", type(first).__name__, type(second).__name__))
        return True


@dataclass(frozen=True)
class Routed:
    """What is called, on which target: a manager, a queryset, an instance, or a manager of its related objects."""

    rows: Rows
    target: str
    call: Call


_TARGETS = {
    "Post.objects": [
        *calls("count"),
        *calls("create", title=("new",), content=("words",)),
        *calls("get_or_create", title=("new",)),
        *calls("update_or_create", title=("new",), defaults=({"views": 5},)),
    ],
    "Post.objects.order_by('pk')": [
        *calls("first"),
        *calls("exists"),
        *calls("update", views=(7,)),
        *calls("delete"),
        *calls("in_bulk"),
    ],
    "post": [*calls("save"), *calls("delete"), *calls("refresh_from_db")],
    "post.comments": [
        *calls("count"),
        *calls("create", content=("words",)),
        *calls("get_or_create", content=("a", "new")),
        *calls("update_or_create", content=("new",), defaults=({"content": "words"},)),
    ],
    # Not counted: `acount` asks another table than `count`, which m2m.acount says.
    "post.tags": [
        *calls("create", name=("new",)),
        *calls("get_or_create", name=("async", "new")),
        *calls("update_or_create", name=("orm",), defaults=({"name": "renamed"},)),
        *calls("add", (key(0),)),
        *calls("remove", (key(0),)),
        *calls("set", ([key(1)],)),
        *calls("clear"),
    ],
    "post.reactions": [
        *calls("create", emoji=("new",)),
        *calls("get_or_create", emoji=("+", "new")),
        *calls("set", ([],)),
        *calls("clear"),
    ],
}
ROUTED = st.one_of(
    *(
        st.builds(Routed, rows(min_posts=1), st.just(target), st.sampled_from(found))
        for target, found in _TARGETS.items()
    )
)


def _target(name: str) -> Any:
    from sample_app.models import Post

    start, _, rest = name.partition(".")
    if start == "Post":
        return Post.objects.order_by("pk") if "order_by" in rest else Post.objects
    post = Post.objects.get(pk=key(0))
    return getattr(post, rest) if rest else post


def _prepare(stage: Stage, example: Routed) -> Sides:
    target = _target(example.target)
    _ASKED.clear()
    call = example.call
    return operation(stage, target, call.name, *call.args, held=(lambda: list(_ASKED),), **dict(call.kwargs))


def _source(example: Routed) -> tuple[str, str]:
    lines = ["# DATABASE_ROUTERS: Post and Comment are read from a replica, everything is written to default"]
    lines += [f"post = Post.objects.get(pk={key(0)})"] if example.target.startswith("post") else []
    call = example.call
    return (
        "\n".join([*lines, call.source(example.target)]),
        "\n".join([*lines, f"await {call.source(example.target, 'a')}"]),
    )


@contextmanager
def _surroundings(_: Routed) -> Iterator[None]:
    from django.test import override_settings

    with second_alias(), override_settings(DATABASE_ROUTERS=[f"{__name__}.ReplicaRouter"]):
        yield


register_experiment("routing.router", ROUTED, _prepare, _source, surroundings=_surroundings)

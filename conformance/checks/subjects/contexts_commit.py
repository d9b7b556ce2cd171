"""Callbacks of a transaction, in a function that runs through `sync_to_async`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.journal import Journal
from conformance.checks.outcomes import Absent
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.strategies import NUMBERED_POSTS, Rows


@dataclass(frozen=True)
class Commit:
    """Callbacks that are registered on levels of `atomic`; the level that raises, if one does."""

    levels: tuple[str, ...]
    raises: int | None
    title: str
    rows: Rows = NUMBERED_POSTS


class _Back(Exception):
    """Leaves a block."""


def _committing(example: Commit, journal: Journal) -> list[str]:
    from django.db import transaction

    from sample_app.models import Post

    order: list[str] = []

    def call(name: str) -> Callable[[], None]:
        def callback() -> None:
            journal.sync(name)
            order.append(name)
            if name.endswith("fails"):
                raise ValueError(name)

        return callback

    def level(depth: int) -> None:
        if depth == len(example.levels):
            return
        kind = example.levels[depth]
        with suppress(_Back), transaction.atomic():
            Post.objects.filter(views=depth).update(title=example.title)
            transaction.on_commit(call(f"{depth} {kind}"), robust=kind == "fails")
            level(depth + 1)
            transaction.on_commit(call(f"{depth} late"))
            if example.raises == depth:
                raise _Back

    level(0)
    return order


def _on_commit(stage: Stage, example: Commit) -> Sides:
    from django.db import transaction

    if "robust" not in inspect.signature(transaction.on_commit).parameters:
        raise Absent("transaction.on_commit takes no `robust`")
    journal = Journal(stage.recorder)

    def sync() -> Any:
        with journal.logging("django.db.backends.base"):
            return _committing(example, journal)

    async def asynchronous() -> Any:
        with journal.logging("django.db.backends.base"):
            return await sync_to_async(_committing)(example, journal)

    return Sides(sync, asynchronous, held=(journal.state,))


register_experiment(
    "context.on_commit",
    st.builds(
        Commit,
        st.lists(st.sampled_from(["plain", "fails"]), min_size=1, max_size=3).map(tuple),
        st.sampled_from([None, None, 0, 1, 2]),
        st.sampled_from(["new", "é"]),
    ),
    _on_commit,
    lambda example: (
        f"levels of atomic with on_commit: {example.levels}, level {example.raises} raises",
        "the same function in sync_to_async",
    ),
)

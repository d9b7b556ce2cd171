"""W1, W3, W6 and W7: functions wrapped, views over them, and many posts at a time."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from conformance.checks import forms
from conformance.checks.outcomes import Silent, Wrong
from conformance.checks.places import View, ask
from conformance.checks.registry import register
from conformance.checks.seed import key
from conformance.checks.stage import Stage
from conformance.checks.twins import Sides, register_twins
from conformance.strategies import TEXTS, Rows, rows

_UNKNOWN = 99


@dataclass(frozen=True)
class Working:
    """Rows, what is done to the first post, and a title."""

    rows: Rows
    what: str
    title: str


WORKINGS = st.builds(Working, rows=rows(min_posts=1), what=st.sampled_from(["create", "update", "fetch"]), title=TEXTS)


def _work(stage: Stage, example: Working) -> Callable[[], Any]:
    """W1's three functions, synchronous."""
    from sample_app.models import Post

    posts = stage.adapter.manager(Post)

    def create() -> Any:
        return posts.create(title=example.title)

    def update() -> Any:
        post = posts.get(pk=key(0))
        post.title = example.title
        post.save()
        return post

    def fetch() -> Any:
        post = posts.get(pk=key(0))
        return post, list(post.comments.all())

    return {"create": create, "update": update, "fetch": fetch}[example.what]


def _wrapped(stage: Stage, example: Working) -> Sides:
    from asgiref.sync import sync_to_async

    function = _work(stage, example)
    return Sides(function, lambda: sync_to_async(function)())


register_twins("workaround.w1.wrapped", WORKINGS, _wrapped)


@dataclass(frozen=True)
class Asking:
    """Rows, which posts are asked for, one of which is not there, and how many times they are incremented."""

    rows: Rows
    times: int


def _small(drawn: Rows) -> Rows:
    """Views to which one can be added on every database."""
    return replace(drawn, posts=tuple(replace(post, views=post.views % 1000) for post in drawn.posts))


ASKINGS = st.builds(Asking, rows=rows(min_posts=2).map(_small), times=st.integers(2, 4))
Statistics = Callable[[Sequence[int]], Awaitable[dict[int, int]]]
Increment = Callable[[Sequence[int]], Awaitable[None]]


def _statistics(statistics: Statistics) -> Callable[[Stage, Asking], None]:
    """Each post that is there has its number of comments; the one that is not is left out."""

    def judge(stage: Stage, example: Asking) -> None:
        stage.seed(example.rows)
        comments = Counter(comment.post for comment in example.rows.comments)
        expected = {key(position): comments[position] for position in range(len(example.rows.posts))}
        trace = stage.trace_async(lambda: statistics([*expected, key(_UNKNOWN)]))
        if trace.error is not None:
            raise Wrong("It raised.", expected=expected, observed=repr(trace.error), sql=trace.sql) from trace.error
        if trace.value != expected:
            raise Silent("The statistics are wrong.", expected=expected, observed=trace.value, sql=trace.sql)

    return judge


def _bounded(statistics: Statistics) -> Callable[[Stage, Asking], None]:
    """As many statements for all posts as for one."""

    def judge(stage: Stage, example: Asking) -> None:
        stage.seed(example.rows)
        keys = [key(position) for position in range(len(example.rows.posts))]
        one = stage.trace_async(lambda: statistics(keys[:1]))
        all_of_them = stage.trace_async(lambda: statistics(keys))
        if len(all_of_them.statements) != len(one.statements):
            raise Wrong(
                f"The queries grow with the posts: {len(keys)} were asked for.",
                expected=len(one.statements),
                observed=len(all_of_them.statements),
                sql=all_of_them.sql,
            )

    return judge


def _adds_up(increment: Increment) -> Callable[[Stage, Asking], None]:
    """Gathered increments are all there."""

    def judge(stage: Stage, example: Asking) -> None:
        from sample_app.models import Post

        stage.seed(example.rows)
        keys = [key(position) for position in range(len(example.rows.posts))]
        expected = {key(position): row.views + example.times for position, row in enumerate(example.rows.posts)}

        async def main() -> None:
            await asyncio.gather(*(increment(keys) for _ in range(example.times)))

        trace = stage.trace_async(main)
        if trace.error is not None:
            raise Wrong("It raised.", expected=expected, observed=repr(trace.error), sql=trace.sql) from trace.error
        observed = dict(Post.objects.values_list("pk", "views"))
        stage.evidence.changed += len(keys)
        if observed != expected:
            raise Silent("Increments were lost.", expected=expected, observed=observed, sql=trace.sql)

    return judge


W7: dict[str, tuple[Statistics, Increment]] = {
    "workaround.w7.gathered": (
        lambda keys: forms.printed.statistics(keys),
        lambda keys: forms.printed.increment(keys),
    ),
    "workaround.w7.sample_app": (lambda keys: forms.ours.statistics(keys), lambda keys: forms.ours.increment(keys)),
}
for _entry, (_statistics_form, _increment_form) in W7.items():
    register(_entry, "statistics", ASKINGS)(_statistics(_statistics_form))
    register(_entry, "bounded", ASKINGS)(_bounded(_statistics_form))
    register(_entry, "increment", ASKINGS)(_adds_up(_increment_form))


@dataclass(frozen=True)
class Posting:
    """Rows, the body of a POST, and the status that the source text promises for it."""

    rows: Rows
    body: bytes
    status: int


_FILLED = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=12)
_GOOD = st.fixed_dictionaries({"title": _FILLED, "content": _FILLED}).map(lambda data: (json.dumps(data).encode(), 201))
_MISSING = st.fixed_dictionaries({"title": _FILLED}).map(lambda data: (json.dumps(data).encode(), 400))
_MALFORMED = st.sampled_from([b"", b"{", b"nonsense", b"[1, 2"]).map(lambda body: (body, 400))
POSTINGS = st.builds(
    lambda drawn, sent: Posting(drawn, *sent), rows(max_posts=2), st.one_of(_GOOD, _GOOD, _MISSING, _MALFORMED)
)


def _statuses(view: View) -> Callable[[Stage, Posting], None]:
    """201 and one post more, or 400 and nothing written."""

    def judge(stage: Stage, example: Posting) -> None:
        stage.seed(example.rows)
        before = sum(map(len, stage.committed().values()))
        trace = stage.trace_async(lambda: ask(view, "POST", example.body))
        if trace.error is not None:
            raise trace.error
        created = sum(map(len, stage.committed().values())) - before
        stage.evidence.changed += created
        status, _ = trace.value
        if created != (status == 201):
            raise Silent("What is written is not what is answered.", expected=status, observed=created, sql=trace.sql)
        if status != example.status:
            raise Wrong("The status is not the promised one.", expected=example.status, observed=trace.value)

    return judge


register("workaround.w6.printed_view", "statuses", POSTINGS)(_statuses(lambda request: forms.printed.view(request)))
register("workaround.w6.sample_app", "statuses", POSTINGS)(_statuses(lambda request: forms.ours.view(request)))

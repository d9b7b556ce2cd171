"""W1 and W7: functions wrapped, and many posts at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from conformance.checks import workarounds
from conformance.checks.experiments import Sides
from conformance.checks.outcomes import Silent, Wrong
from conformance.checks.registry import register, register_experiment
from conformance.checks.seed import key
from conformance.checks.stage import Stage, Trace
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


def _as_sample_app(stage: Stage, example: Working) -> Sides:
    return Sides(_work(stage, example), lambda: workarounds.sample_app.work(example.what, example.title, key(0)))


def _sync_code(example: Working) -> str:
    if example.what == "create":
        return f"Post.objects.create(title={example.title!r})"
    fetched = f"post = Post.objects.get(pk={key(0)})\n"
    if example.what == "update":
        return f"{fetched}post.title = {example.title!r}\npost.save()"
    return f"{fetched}list(post.comments.all())"


def _wrapped_code(example: Working) -> tuple[str, str]:
    body = "\n    ".join(_sync_code(example).splitlines())
    return _sync_code(example), f"def work():\n    {body}\n\nawait sync_to_async(work)()"


def _sample_app_code(example: Working) -> tuple[str, str]:
    calls = {
        "create": f"await create_post({example.title!r}, '')",
        "update": f"await update_post({key(0)}, {{'title': {example.title!r}}})",
        "fetch": f"post = await fetch_post_with_comments({key(0)})\nlist(post.comments.all())",
    }
    return _sync_code(example), calls[example.what]


register_experiment("workaround.w1.wrapped", WORKINGS, _wrapped, _wrapped_code)
register_experiment("workaround.w1.sample_app", WORKINGS, _as_sample_app, _sample_app_code)


@dataclass(frozen=True)
class Asking:
    """Rows, which posts are asked for, one of which is not there, and how many times they are incremented."""

    rows: Rows
    times: int


def small(drawn: Rows) -> Rows:
    """Views to which one can be added on every database."""
    return replace(drawn, posts=tuple(replace(post, views=post.views % 1000) for post in drawn.posts))


ASKINGS = st.builds(Asking, rows=rows(min_posts=2).map(small), times=st.integers(2, 4))
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
        refuse_growth(one, all_of_them, len(keys))

    return judge


def refuse_growth(one: Trace, many: Trace, posts: int) -> None:
    """Raise `Wrong` unless so many posts took as many statements as one did."""
    if len(many.statements) != len(one.statements):
        raise Wrong(
            f"It sends more queries for {posts} posts than for one.",
            expected=len(one.statements),
            observed=len(many.statements),
            sql=many.sql,
        )


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
        lambda keys: workarounds.printed.statistics(keys),
        lambda keys: workarounds.printed.increment(keys),
    ),
    "workaround.w7.sample_app": (
        lambda keys: workarounds.sample_app.statistics(keys),
        lambda keys: workarounds.sample_app.increment(keys),
    ),
}
for _entry, (_statistics_call, _increment_call) in W7.items():
    register(_entry, "statistics", ASKINGS)(_statistics(_statistics_call))
    register(_entry, "bounded", ASKINGS)(_bounded(_statistics_call))
    register(_entry, "increment", ASKINGS)(_adds_up(_increment_call))

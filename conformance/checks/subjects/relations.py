"""Related objects: reverse foreign keys, many-to-many, lazy access, `select_related` and `prefetch_related`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.outcomes import Refused, Silent, Wrong
from conformance.checks.registry import register, register_experiment
from conformance.checks.seed import key
from conformance.checks.stage import Stage
from conformance.checks.subjects.reading import READINGS, Reading, queryset, queryset_code
from conformance.strategies import Rows, rows


def _author_name(post: Any) -> Any:
    return post, None if post.author is None else post.author.username


def _related_contents(post: Any) -> Any:
    return post, [comment.content for comment in post.comments.all()], [tag.name for tag in post.tags.all()]


def _with_access(narrow: Callable[[Any], Any], access: Callable[[Any], Any]) -> Callable[[Stage, Reading], Sides]:
    """Iterate, and in the loop's body touch the related objects that were asked for beforehand."""

    def prepare(stage: Stage, example: Reading) -> Sides:
        found = narrow(queryset(stage, example.query))

        async def asynchronous() -> list[Any]:
            return [access(post) async for post in stage.adapter.iterate(found)]

        return Sides(sync=lambda: [access(post) for post in found], asynchronous=asynchronous, held=(found,))

    return prepare


def _access_code(narrowed: str, accessed: str) -> Callable[[Reading], tuple[str, str]]:
    def printed(example: Reading) -> tuple[str, str]:
        found = f"{queryset_code(example.query)}.{narrowed}"
        return f"[{accessed} for post in {found}]", f"[{accessed} async for post in {found}]"

    return printed


register_experiment(
    "queryset.select_related.aiter",
    READINGS,
    _with_access(lambda found: found.select_related("author"), _author_name),
    _access_code("select_related('author')", "(post, post.author and post.author.username)"),
)
register_experiment(
    "queryset.prefetch_related.aiter",
    READINGS,
    _with_access(lambda found: found.prefetch_related("comments", "tags"), _related_contents),
    _access_code("prefetch_related('comments', 'tags')", "(post, list(post.comments.all()), list(post.tags.all()))"),
)


@dataclass(frozen=True)
class Touching:
    """Rows whose first post has an author, and what of it is touched lazily."""

    rows: Rows
    what: str


def _with_author(drawn: Rows) -> Rows:
    first, *others = drawn.posts
    return replace(drawn, posts=(replace(first, author=first.author or 0), *others))


TOUCHINGS = st.builds(
    Touching,
    rows=rows(min_posts=1, max_posts=3).map(_with_author),
    what=st.sampled_from(["author", "comments", "tags", "deferred"]),
)
_TOUCH: dict[str, Callable[[Any], Any]] = {
    "author": lambda post: post.author.username,
    "comments": lambda post: [comment.content for comment in post.comments.all()],
    "tags": lambda post: [tag.name for tag in post.tags.all()],
    "deferred": lambda post: post.content,
}


def _lazy(stage: Stage, example: Touching) -> Sides:
    from sample_app.models import Post

    post = stage.adapter.manager(Post).defer("content").get(pk=key(0))

    async def asynchronous() -> Any:
        return _TOUCH[example.what](post)

    return Sides(sync=lambda: _TOUCH[example.what](post), asynchronous=asynchronous)


def _judge_lazy(stage: Stage, example: Touching) -> None:
    """Refused before any statement, after proof that the synchronous access needs one."""
    from django.core.exceptions import SynchronousOnlyOperation

    stage.seed(example.rows)
    sync = stage.trace_sync(_lazy(stage, example).sync)
    if not sync.statements:
        raise Wrong("Nothing was lazy: the synchronous access sent no statement.", expected="a query", observed="none")
    asynchronous = stage.trace_async(_lazy(stage, example).asynchronous)
    if isinstance(asynchronous.error, SynchronousOnlyOperation) and not asynchronous.statements:
        raise Refused(str(asynchronous.error))
    if asynchronous.statements and asynchronous.error is None:
        raise Silent(
            "Lazy access in a coroutine ran a blocking query on the event loop's thread and raised nothing.",
            expected="SynchronousOnlyOperation before any statement",
            observed=asynchronous.value,
            sql=asynchronous.sql,
        )
    raise Wrong(
        "Lazy access in a coroutine did not end as documented.",
        expected="SynchronousOnlyOperation before any statement",
        observed=repr(asynchronous.error or asynchronous.value),
        sql=asynchronous.sql,
    )


_TOUCHED = {
    "author": "post.author.username",
    "comments": "list(post.comments.all())",
    "tags": "list(post.tags.all())",
    "deferred": "post.content",
}


def _lazy_code(example: Touching) -> tuple[str, ...]:
    fetched = f"post = await Post.objects.defer('content').aget(pk={key(0)})"
    return (f"{fetched}\n{_TOUCHED[example.what]}  # in a coroutine",)


register("related.lazy_access", "refuses", TOUCHINGS, source=_lazy_code)(_judge_lazy)

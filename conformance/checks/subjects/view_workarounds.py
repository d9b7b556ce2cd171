"""W3, W6, W8 and W10: views that create, list, sum up and report."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from conformance.checks import workarounds
from conformance.checks.callers import View, ask
from conformance.checks.outcomes import Silent, Wrong
from conformance.checks.registry import register
from conformance.checks.seed import USERNAMES, key
from conformance.checks.stage import Stage, Trace
from conformance.checks.subjects.connection_workarounds import ASKINGS, Asking, counts
from conformance.checks.subjects.query_workarounds import refuse_growth, small
from conformance.strategies import Rows, rows


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


@dataclass(frozen=True)
class Listing:
    """What stands in the tables when a page of posts is asked for."""

    rows: Rows


LISTINGS = st.builds(Listing, rows=rows(min_posts=2).map(small))


def _answered(stage: Stage, view: View) -> tuple[Trace, Any]:
    """The view's answer to a GET, which is to succeed."""
    trace = stage.trace_async(lambda: ask(view, "GET", b""))
    if trace.error is not None:
        raise trace.error
    status, content = trace.value
    if status != 200:
        raise Wrong("The page cannot be seen.", expected=200, observed=trace.value, sql=trace.sql)
    return trace, json.loads(content)


def _lists(view: View) -> Callable[[Stage, Listing], None]:
    """Every post is listed, once."""

    def judge(stage: Stage, example: Listing) -> None:
        stage.seed(example.rows)
        expected = sorted((key(position), post.title) for position, post in enumerate(example.rows.posts))
        trace, answer = _answered(stage, view)
        observed = sorted((post["id"], post["title"]) for post in answer["posts"])
        if observed != expected:
            raise Silent("The list is not what was posted.", expected=expected, observed=observed, sql=trace.sql)

    return judge


def _sums_up(view: View) -> Callable[[Stage, Listing], None]:
    """Each post with its author, its comments and how many they are; and each is seen once more than before."""

    def judge(stage: Stage, example: Listing) -> None:
        from sample_app.models import Post

        stage.seed(example.rows)
        expected = _expected(example.rows)
        trace, answer = _answered(stage, view)
        views = dict(Post.objects.values_list("pk", "views"))
        stage.evidence.changed += sum(views[key(at)] != post.views for at, post in enumerate(example.rows.posts))
        observed = {
            post["id"]: (
                post["author"],
                sorted(comment["content"] for comment in post["comments"]),
                answer["statistics"][str(post["id"])]["comments"],
                views[post["id"]],
            )
            for post in answer["posts"]
        }
        if observed != expected:
            raise Silent("The overview is wrong.", expected=expected, observed=observed, sql=trace.sql)

    return judge


def _expected(drawn: Rows) -> dict[int, tuple[str | None, list[str], int, int]]:
    found = {}
    for position, post in enumerate(drawn.posts):
        comments = sorted(comment.content for comment in drawn.comments if comment.post == position)
        author = None if post.author is None else USERNAMES[post.author]
        found[key(position)] = (author, comments, len(comments), post.views + 1)
    return found


def _bounded(view: View) -> Callable[[Stage, Listing], None]:
    """As many statements for all posts as for one: what belongs to them is read without a further query."""

    def judge(stage: Stage, example: Listing) -> None:
        first = [comment for comment in example.rows.comments if comment.post == 0]
        stage.seed(replace(example.rows, posts=example.rows.posts[:1], comments=tuple(first)))
        one, _ = _answered(stage, view)
        stage.seed(example.rows)
        all_of_them, _ = _answered(stage, view)
        refuse_growth(one, all_of_them, len(example.rows.posts))

    return judge


async def _count_of(view: View) -> int:
    """The queries of the default alias, as the view says."""
    _, content = await ask(view, "GET", b"")
    return int(json.loads(content)["databases"]["default"]["queries"])


def _posted(example: Posting) -> tuple[str, ...]:
    asked = f"await AsyncClient().post('/', {example.body!r}, content_type='application/json')"
    return (f"response = {asked}\nresponse.status_code  # {example.status} is promised",)


def _got(_: Listing) -> tuple[str, ...]:
    return ("await AsyncClient().get('/')",)


# Looked up at every call: a planted defect exchanges them.
W3: dict[str, View] = {
    "workaround.w3.printed_view": lambda request: workarounds.printed.mixed_view(request),
    "workaround.w3.sample_app": lambda request: workarounds.sample_app.view(request),
}
for _entry, _view in W3.items():
    register(_entry, "statuses", POSTINGS, source=_posted)(_statuses(_view))
    register(_entry, "lists", LISTINGS, source=_got)(_lists(_view))

W6: dict[str, View] = {
    "workaround.w6.printed_view": lambda request: workarounds.printed.view(request),
    "workaround.w6.sample_app": lambda request: workarounds.sample_app.view(request),
}
for _entry, _view in W6.items():
    register(_entry, "statuses", POSTINGS, source=_posted)(_statuses(_view))

W8: dict[str, View] = {
    "workaround.w8.printed_view": lambda request: workarounds.printed.overview(request),
    "workaround.w8.sample_app": lambda request: workarounds.sample_app.overview(request),
}
for _entry, _view in W8.items():
    register(_entry, "overview", LISTINGS, source=_got)(_sums_up(_view))
    register(_entry, "bounded", LISTINGS, source=_got)(_bounded(_view))

W10: dict[str, View] = {
    "workaround.w10.printed_view": lambda request: workarounds.printed.database(request),
    "workaround.w10.sample_app": lambda request: workarounds.sample_app.database(request),
}


def _counted_by(view: View) -> Callable[[Stage, Asking], None]:
    return counts(lambda: _count_of(view))


for _entry, _view in W10.items():
    register(_entry, "counts", ASKINGS)(_counted_by(_view))

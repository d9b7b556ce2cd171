"""Well-formed querysets with expressions within expressions: annotated, then grouped, narrowed, named again, combined.

Every part is drawn by itself. None is refused by any version that has the operation: it must give an answer.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.strategies.code import Call, Chain, Infix, Name, Slice
from conformance.strategies.lookups import POST_CONDITIONS, narrowings
from conformance.strategies.shapes import EXPRESSIONS, call, f, given, one_of, q, step

Steps = tuple[Any, ...]


def outer(name: Any) -> Call:
    """A field of the query around."""
    return call("OuterRef", name)


def _rows(model: str, *steps: Any) -> Chain:
    return Chain(Name(f"{model}.objects"), steps)


def _number(expression: Any) -> Call:
    """Where two types meet, one is said."""
    return call("ExpressionWrapper", expression, output_field=call("IntegerField"))


_OF_POST = _rows("Comment", step("filter", post=outer("pk")))
_AUTHORS_OF_POST = _rows("User", step("filter", pk=outer(outer("author_id"))))
_BY_POST = _OF_POST.then(step("order_by"), step("values", "post"))
# A number of comments, by a query within.
_COUNTED = _BY_POST.then(step("annotate", n=call("Count", "pk")), step("values", "n"))
_ALIKE = call("Count", "pk", filter=q(author=outer("author")))
_WITHIN: tuple[Any, ...] = (
    call("Subquery", _COUNTED),
    call("Coalesce", call("Subquery", _COUNTED), call("Value", 0)),
    call("Subquery", _BY_POST.then(step("annotate", n=_ALIKE), step("values", "n"))),
    call("Exists", _OF_POST.then(step("filter", author__in=_AUTHORS_OF_POST))),
    call("Exists", _OF_POST.then(step("filter", call("Exists", _rows("User", step("filter", pk=outer("author"))))))),
    call("Case", call("When", call("Exists", _OF_POST), then=call("Value", 1)), default=call("Value", 0)),
    _number(Infix(f("views"), "-", call("Count", "comments"))),
    call("Count", "comments", filter=call("Q")),
    call("Max", call("Coalesce", f("comments__pk"), f("pk"))),
    call("Case", call("When", q(author__isnull=True), then=call("Value", None)), default=f("views")),
)
_WINDOWS: tuple[Any, ...] = (
    call("Window", call("RowNumber"), order_by=[f("views"), f("pk")]),
    call("Window", call("RowNumber"), partition_by=[f("published")], order_by=[f("pk")]),
    call("Window", call("Count", "pk"), partition_by=[f("published")]),
    call("Window", call("Max", "views"), partition_by=f("author")),
    call("Window", call("Count", "pk"), order_by=[]),
    call("Window", call("Count", "pk"), partition_by=[call("Length", "title"), f("published")]),
)
# One of EXPRESSIONS is a window.
_PLAIN = (*(each for each in EXPRESSIONS if getattr(each, "function", "") != "Window"), *_WITHIN)
# Of a group's own expression: neither a constant, which is no group's, nor a summary of rows.
_OF_GROUPS = tuple(
    each
    for each in _PLAIN
    if not isinstance(each, Infix) and each.function not in ("Value", "Count", "Max", "ExpressionWrapper")
)
_FILTERED = call("FilteredRelation", "comments", condition=q(comments__created_at__year__gte=2001))
# The condition and the query both ask for what is behind the relation.
_BEHIND = call("FilteredRelation", "comments", condition=q(comments__author__isnull=False))
_BY_KEY = step("order_by", "pk")
_N = call("Count", "pk")
# What is made of a queryset with an annotation `extra`, by kind.
THEN: dict[str, tuple[Steps, ...]] = {
    "annotated": (
        (_BY_KEY,),
        (step("annotate", again=f("extra")), _BY_KEY),
        (step("annotate", again=call("Coalesce", f("extra"), f("extra"))), _BY_KEY),
        (step("annotate", n=call("Count", "tags")), _BY_KEY),
        (step("annotate", n=call("Count", "tags", filter=call("Q"))), _BY_KEY),
    ),
    "narrowed": (
        (step("filter", extra__isnull=False), _BY_KEY),
        (step("exclude", extra__isnull=True), step("order_by", "extra", "pk")),
        (step("alias", more=f("extra")), step("filter", more__isnull=False), _BY_KEY),
        (step("distinct"), step("order_by", "extra", "pk")),
        (_BY_KEY, Slice(None, 2)),
    ),
    "grouped": (
        (step("values", "extra"), step("annotate", n=_N), step("order_by", "extra")),
        (step("values", "published", "extra"), step("annotate", n=_N), step("order_by", "published", "extra")),
        (
            step("values", "extra", "created_at__year"),
            step("annotate", n=_N),
            step("order_by", "extra", "created_at__year"),
        ),
    ),
    "named": (
        (step("values", "pk", "extra"), step("alias", more=f("views")), _BY_KEY),
        (step("values_list", "extra", "extra"), step("order_by", "pk")),
        (step("values_list", "title", "extra", "title"), _BY_KEY),
    ),
    "combined": (
        (step("order_by"), step("union"), _BY_KEY),
        (step("order_by"), step("union"), step("order_by", "-pk"), Slice(None, 2)),
    ),
}
_THEN = tuple(steps for kind, group in THEN.items() for steps in group if kind != "grouped")
_THROUGH: tuple[Steps, ...] = (
    (step("annotate", fr=_BEHIND), step("annotate", extra=f("fr__author__username")), step("order_by", "pk", "fr__pk")),
    (step("annotate", fr=_BEHIND), step("filter", fr__author__username="ada"), step("order_by", "pk", "fr__pk")),
    (step("annotate", fr=_BEHIND), step("order_by", "fr__author__username", "pk", "fr__pk")),
)
# Parts of instances, by every name that a field has, and by names of relations, which have no column.
_COLUMNS: tuple[Steps, ...] = (
    (step("defer", "author_id"), _BY_KEY),
    (step("defer", "author_id", "content"), _BY_KEY),
    (step("only", "author_id", "title"), _BY_KEY),
    (step("select_related", "author"), step("defer", "author__email", "content"), _BY_KEY),
)
_RELATIONS: tuple[Steps, ...] = (
    (step("defer", "tags"), _BY_KEY),
    (step("defer", "comments", "title"), _BY_KEY),
    (step("only", "title", "review"), _BY_KEY),
)
_RELATED: tuple[Steps, ...] = (
    (step("annotate", fr=_FILTERED), step("annotate", extra=call("Count", "fr")), _BY_KEY),
    (step("annotate", fr=_FILTERED), step("filter", fr__isnull=False), step("order_by", "pk", "fr__pk")),
    (step("annotate", fr=_FILTERED), step("values", "pk", "fr__content"), step("order_by", "pk", "fr__pk")),
    (step("annotate", fr=_FILTERED), step("values_list", "fr__author", flat=True), step("order_by", "pk", "fr__pk")),
    (step("annotate", fr=_FILTERED, extra=f("fr__author__username")), step("order_by", "pk", "fr__pk")),
)


def _prefetched(name: str, queryset: Chain, **how: Any) -> Steps:
    return step("prefetch_related", call("Prefetch", name, queryset, **how)), _BY_KEY


# Django takes a part of each row's own related objects with a window function.
_PARTS = (
    _prefetched("comments", _rows("Comment", step("order_by", "content", "pk"), Slice(None, 2)), to_attr="found"),
    _prefetched("comments", _rows("Comment", step("order_by", "-pk"), Slice(None, 1)), to_attr="found"),
    _prefetched("tags", _rows("Tag", step("order_by", "-name"), Slice(1, None)), to_attr="found"),
)
_PREFETCHED: tuple[Steps, ...] = tuple(
    _prefetched(name, queryset)
    for name, queryset in (
        ("comments", _rows("Comment", step("prefetch_related", "author__profile"))),
        ("author", _rows("User", step("only", "username"))),
        ("comments", _rows("Comment", step("annotate", n=call("Count", "author")), step("order_by", "pk"))),
    )
)
_NARROWED = narrowings(POST_CONDITIONS)


def _plan(narrowed: Steps, *parts: Steps) -> Chain:
    return Chain(Name("Post.objects"), (step("all"), *narrowed, *(each for part in parts for each in part)))


def _annotated(expressions: tuple[Any, ...], then: tuple[Steps, ...] = _THEN) -> st.SearchStrategy[Chain]:
    extras = st.sampled_from([(step("annotate", extra=each),) for each in expressions])
    return st.builds(_plan, st.just(()) | _NARROWED, extras, st.sampled_from(then))


def composed_plans(kind: str = "") -> st.SearchStrategy[Chain]:
    """Expressions within expressions, and what is made of them; of one kind alone, if it is named."""
    return _annotated(_OF_GROUPS if kind == "grouped" else _PLAIN, THEN[kind] if kind else _THEN)


def within_plans() -> st.SearchStrategy[Chain]:
    """Queries within queries."""
    return _annotated(_WITHIN, THEN["annotated"])


def windowed_plans() -> st.SearchStrategy[Chain]:
    """The same with window functions, and with a part of each row's related objects."""
    windows, parts = _annotated(_WINDOWS), st.builds(_plan, st.just(()) | _NARROWED, st.sampled_from(_PARTS))
    return st.one_of(windows, windows, parts)


def annotated_plans(*, windows: bool = False) -> st.SearchStrategy[Chain]:
    """Querysets with an annotation `extra`, not ordered, not grouped: to be summed up."""
    extras = st.sampled_from([(step("annotate", extra=each),) for each in (_WINDOWS if windows else _PLAIN)])
    return st.builds(_plan, st.just(()) | _NARROWED, extras)


LOADED = {"loaded": _PREFETCHED, "loaded_columns": _COLUMNS, "loaded_relations": _RELATIONS}


def loaded_plans(kind: str) -> st.SearchStrategy[Chain]:
    """Parts of instances by every name, or related objects that are fetched by querysets of their own."""
    return st.builds(_plan, st.just(()) | _NARROWED, st.sampled_from(LOADED[kind]))


_FORWARD = tuple(
    Chain(Name("Comment.objects"), _prefetched(name, queryset))
    for name, queryset in (
        ("post", _rows("Post", step("order_by", "pk"))),
        ("post", _rows("Post", step("only", "title"))),
        ("post", _rows("Post", step("prefetch_related", "tags"))),
        ("post", _rows("PublishedPost", step("all"))),
        ("post", _rows("Review", step("all"))),
        ("author", _rows("User", step("filter", username="ada"))),
        ("post__author", _rows("User", step("all"))),
    )
)


def forward_plans() -> st.SearchStrategy[Chain]:
    """Comments with what they refer to, fetched by querysets of their own: of the model, a proxy, and a child."""
    return st.sampled_from(_FORWARD)


def filtered_relation_plans(*, through: bool = False) -> st.SearchStrategy[Chain]:
    """Relations with a condition of their own: counted, narrowed by, shown, ordered by; or what is behind them is."""
    return st.builds(_plan, st.just(()) | _NARROWED, st.sampled_from(_THROUGH if through else _RELATED))


COMPOSED = {
    "extra_aggregates": one_of(
        given(n=call("Count", "extra"), rows=_N),
        given(low=call("Min", "pk"), n=call("Count", "extra")),
        given(n=call("Count", "extra", distinct=True)),
        given(n=call("Count", "pk", filter=call("Q")), rows=call("Count", "*")),
        given(n=call("Count", "pk", filter=q(extra__isnull=False))),
        given(n=call("Count", call("Case", call("When", q(extra__isnull=True), then=call("Value", 1))))),
    ),
    "named_aggregates": one_of(
        given(rows=_N, again=Infix(f("rows"), "+", f("rows"))),
        given(top=call("Max", "pk"), again=call("Coalesce", f("top"), f("top"))),
        given(rows=_N, twice=call("Case", call("When", q(rows__gte=1), then=f("rows")), default=call("Value", 0))),
    ),
    "extra_updates": one_of(given(title="changed"), given(views=f("pk"), title=call("Upper", "content"))),
}

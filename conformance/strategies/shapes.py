"""What a queryset gives beside whole instances: expressions, values, parts of instances, related objects, sets."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.strategies.code import Arguments, Call, Chain, Infix, Name, Slice, Step
from conformance.strategies.rows import FIRST_KEY

Steps = tuple[Any, ...]


def step(name: str, /, *args: Any, **kwargs: Any) -> Step:
    """A method with what it is given."""
    return Step(name, args, tuple(kwargs.items()))


def call(name: str, /, *args: Any, **kwargs: Any) -> Call:
    """A call with what it is given."""
    return Call(name, args, tuple(kwargs.items()))


def given(*args: Any, **kwargs: Any) -> Arguments:
    """Positional and keyword arguments."""
    return Arguments(args, tuple(kwargs.items()))


# The forms of a strategy that draws one of a few.
_FORMS: dict[st.SearchStrategy[Arguments], tuple[Arguments, ...]] = {}


def one_of(*forms: Arguments) -> st.SearchStrategy[Arguments]:
    """One of the forms."""
    drawn = st.sampled_from(forms)
    _FORMS[drawn] = forms
    return drawn


def forms_of(drawn: st.SearchStrategy[Arguments]) -> tuple[Arguments, ...]:
    """What is drawn from, where `one_of` made the strategy; nothing otherwise."""
    return _FORMS.get(drawn, ())


def f(name: str) -> Call:
    """A field of the row."""
    return call("F", name)


def q(**kwargs: Any) -> Call:
    """A condition."""
    return call("Q", **kwargs)


def _posts(*steps: Step) -> Chain:
    return Chain(Name("Post.objects"), steps)


def _comments(*steps: Any) -> Chain:
    return Chain(Name("Comment.objects"), steps)


_OF_POST = _comments(step("filter", post=call("OuterRef", "pk")))
_OLDEST = _OF_POST.then(step("order_by", "created_at", "pk"), step("values", "content"), Slice(None, 1))
_POPULAR = call("When", q(views__gte=2), then=call("Value", "popular"))
_WORD = call("Case", _POPULAR, call("When", published=True, then=f("title")), default=call("Value", "none"))
_RANK = call("Window", call("RowNumber"), partition_by=[f("published")], order_by=[f("views"), f("pk")])
EXPRESSIONS: tuple[Any, ...] = (
    f("views"),
    Infix(f("views"), "-", 1),
    Infix(f("author_id"), "+", f("pk")),
    _WORD,
    call("Length", "title"),
    call("Upper", "title"),
    call("Lower", f("content")),
    call("Concat", "title", call("Value", "-"), "author__username"),
    call("Coalesce", f("author__username"), call("Value", "nobody")),
    call("Value", 1),
    call("TruncMonth", "created_at"),
    call("TruncDate", "created_at"),
    call("Count", "comments"),
    call("Count", "tags", distinct=True),
    call("Count", "comments", filter=q(comments__author__isnull=True)),
    call("Max", "comments__created_at"),
    call("Subquery", _OLDEST),
    call("Exists", _OF_POST),
    _RANK,
)
_BY_VIEWS = step("order_by", "-views", "pk")
ANNOTATIONS: tuple[Steps, ...] = (
    # Groups do not have the model's own ordering.
    *((step("annotate", extra=expression), _BY_VIEWS) for expression in EXPRESSIONS),
    (step("annotate", n=call("Count", "comments")), step("filter", n__gte=1), _BY_VIEWS),
    (step("annotate", n=Infix(f("views"), "+", 1)), step("exclude", n__lt=1)),
    (step("alias", n=call("Count", "tags")), step("filter", n=0), _BY_VIEWS),
    (step("annotate", word=_WORD), step("filter", word__in=["popular", "none"])),
    (step("filter", call("Exists", _OF_POST)),),
    (step("annotate", n=call("Count", "comments"), total=call("Sum", "comments__post__views")), _BY_VIEWS),
)
_TAGGED = step("prefetch_related", "tags")
_ORDERED_COMMENTS = _comments(step("filter", author__isnull=False), step("order_by", "-pk"))
PREFETCHES: tuple[Steps, ...] = (
    (_TAGGED,),
    (step("prefetch_related", "comments", "tags"),),
    (step("prefetch_related", "comments__author"),),
    (step("prefetch_related", "author__profile", "reactions"),),
    (step("prefetch_related", call("Prefetch", "comments", queryset=_ORDERED_COMMENTS, to_attr="authored")),),
    (step("prefetch_related", call("Prefetch", "comments", _comments(step("order_by", "-pk")))),),
    (step("prefetch_related", call("Prefetch", "tags", to_attr="words"), "comments"),),
    (step("prefetch_related", call("Prefetch", "comments", to_attr="said"), "said__author"),),
    (_TAGGED, step("prefetch_related", None)),
    (step("select_related", "author"), step("prefetch_related", "author__comments")),
    (step("prefetch_related", "reactions", "comments"),),
)
SELECTIONS: tuple[Steps, ...] = (
    (step("select_related", "author"),),
    (step("select_related", "author__profile"),),
    (step("select_related"),),
    (step("select_related", "author"), step("select_related", None)),
    (step("select_related", "review", "author"),),
)
PARTS: tuple[Steps, ...] = (
    (step("only", "title"),),
    (step("only", "title", "author__username"), step("select_related", "author")),
    (step("defer", "content"),),
    (step("defer", "content", "views"), step("defer", None)),
    (step("only", "title", "views"), step("defer", "views")),
)
_BY_KEY = step("order_by", "pk")
_VALUES: tuple[Steps, ...] = (
    (step("values"), _BY_KEY),
    (step("values", "title", "views"), _BY_KEY),
    (step("values", "pk", "author__username"), _BY_KEY),
    (step("values", "pk", "tags__name"), step("order_by", "pk", "tags__name")),
    (step("values", "title", double=Infix(f("views"), "+", f("views"))), _BY_KEY),
    (step("values", "published"), step("distinct"), step("order_by", "published")),
    (step("values", "published"), step("annotate", n=call("Count", "pk")), step("order_by", "published")),
    (step("values", "author"), step("annotate", top=call("Max", "views")), step("order_by", "-author")),
    (step("annotate", n=call("Count", "comments")), step("values", "pk", "n"), _BY_KEY),
)
_LISTS: tuple[Steps, ...] = (
    (step("values_list", "title", "views"), _BY_KEY),
    (step("values_list"), _BY_KEY),
    (step("values_list", "title", flat=True), _BY_KEY),
    (step("values_list", "pk", flat=True), step("order_by", "-pk")),
    (step("values_list", "title", "author__username", named=True), _BY_KEY),
    (step("values_list", "pk", call("Length", "title"), named=True), _BY_KEY),
    (step("values_list", "views", flat=True), step("distinct"), step("order_by", "-views")),
)


def _cuts(method: str, *kinds: str) -> tuple[Steps, ...]:
    ways: tuple[dict[str, str], ...] = ({}, {"order": "DESC"})
    return tuple((step(method, "created_at", kind, **way),) for kind in kinds for way in ways)


_DATES = _cuts("dates", "year", "month", "day", "week")
_DATETIMES = _cuts("datetimes", "year", "month", "day", "hour", "second")
_OTHERS = _posts(step("filter", views__gte=0), step("order_by"))
_NOT_POSTS = Chain(Name("PublishedPost.objects"), (step("order_by"),))
COMBINED: tuple[Steps, ...] = (
    *(
        (step("order_by"), step(name, _OTHERS, **given), _BY_KEY)
        for name, given in (("union", {}), ("union", {"all": True}), ("intersection", {}), ("difference", {}))
    ),
    (step("order_by"), step("union", _posts(step("none"))), _BY_KEY),
    (step("order_by"), step("union", _NOT_POSTS), step("order_by", "-views", "pk")),
    (
        step("order_by"),
        step("values_list", "views", flat=True),
        step("union", _OTHERS.then(step("values_list", "author_id", flat=True)), all=True),
        step("order_by", "views"),
    ),
)
SHAPES: dict[str, tuple[Steps, ...]] = {
    "instances": (
        *PARTS,
        *SELECTIONS,
        *PREFETCHES[:5],
        (step("none"),),
        (step("using", "default"),),
        (step("all"),),
        (step("select_for_update"),),
        (step("distinct"),),
    ),
    "values": _VALUES,
    "values_list": _LISTS,
    "dates": _DATES,
    "datetimes": _DATETIMES,
    "parts": PARTS,
    "select_related": SELECTIONS,
    "prefetch_related": PREFETCHES,
    "annotate": ANNOTATIONS,
    "none": ((step("none"),), (step("order_by"), step("none"), step("union", _OTHERS), _BY_KEY)),
    "reverse": ((step("reverse"),), (step("order_by", "views", "pk"), step("reverse"))),
    "distinct": (
        (step("distinct"),),
        (step("filter", tags__in=[FIRST_KEY, FIRST_KEY + 1]), step("distinct"), _BY_KEY),
        (step("order_by", "published", "pk"), step("distinct", "published")),
    ),
    "select_for_update": ((step("select_for_update"),), (step("select_for_update", skip_locked=True, of=("self",)),)),
}
EVERY_POST = "SELECT * FROM sample_app_post ORDER BY id"
RAW: tuple[Chain, ...] = tuple(
    Chain(Name("Post.objects"), (step("raw", *given),))
    for given in (
        (EVERY_POST,),
        ("SELECT * FROM sample_app_post WHERE views >= %s ORDER BY id DESC", [1]),
        ("SELECT id, title FROM sample_app_post WHERE views >= %(least)s ORDER BY id", {"least": 0}),
        ("SELECT id, views + 1 AS more FROM sample_app_post ORDER BY id",),
        ("SELECT title FROM sample_app_post",),
        ("SELECT * FROM no_such_table",),
        ("SELECT id, title AS content FROM sample_app_post ORDER BY id", (), {"content": "content"}),
    )
)

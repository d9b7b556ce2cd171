"""What methods are given, by name: every form that the documentation lists, and wrong ones."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.strategies.bulk import BULK_CREATE, BULK_TAGS, BULK_UPDATE
from conformance.strategies.code import Arguments, Attribute, Chain, Infix, Name
from conformance.strategies.composed import COMPOSED
from conformance.strategies.instances import INSTANCES
from conformance.strategies.lookups import POST_CONDITIONS, instance
from conformance.strategies.meanwhile import changing, racing
from conformance.strategies.model_features.drafts import DRAFTS
from conformance.strategies.model_features.parcels import PARCELS
from conformance.strategies.model_features.seat_arguments import SEATS
from conformance.strategies.others import OTHERS
from conformance.strategies.related import RELATED, SHORTCUTS
from conformance.strategies.rows import FIRST_KEY, SHORT_TEXTS
from conformance.strategies.shapes import EXPRESSIONS, call, f, given, one_of, q, step
from conformance.strategies.values import MOMENTS, small_integers

Drawn = st.SearchStrategy[Arguments]


def _keywords(name: str, values: st.SearchStrategy[object]) -> Drawn:
    return values.map(lambda value: Arguments(kwargs=((name, value),)))


_LOOKUPS = st.one_of(
    _keywords("title", SHORT_TEXTS), _keywords("views", small_integers()), _keywords("published", st.booleans())
)
_FIRST, _SECOND, _GONE = FIRST_KEY, FIRST_KEY + 1, FIRST_KEY + 90
_GETTING = st.one_of(
    _LOOKUPS,
    POST_CONDITIONS.map(lambda condition: Arguments(kwargs=(condition,))),
    one_of(
        given(pk=_FIRST),
        given(pk=_GONE),
        given(q(pk=_SECOND), published=True),
        given(q(views__gte=1), q(pk__lte=_SECOND)),
        given(nonsense=1),
        given(),
        given(pk="no key"),
        given(views=f("views")),
    ),
)
_CHUNKS = (
    given(chunk_size=2),
    given(chunk_size=1),
    given(chunk_size=2),
    given(chunk_size=1),
    given(chunk_size=3),
    given(2),
    given(chunk_size=100),
    given(chunk_size=0),
    given(chunk_size=-1),
)
_POST = {"title": "new", "content": "words"}
_AUTHOR = instance("User", 0)
# A callable that gives 5, and then 6: so it shows how often it was called.
_NEXT = Chain(call("count", 5), (Attribute("__next__"),))


def _new_posts() -> Drawn:
    fields: dict[str, st.SearchStrategy[Any]] = {"views": small_integers(), "title": SHORT_TEXTS}
    optional: dict[str, st.SearchStrategy[Any]] = {
        "published": st.booleans(),
        "created_at": st.sampled_from(MOMENTS),
        "author": st.sampled_from([None, _AUTHOR]),
        "author_id": st.sampled_from([_FIRST, _SECOND]),
    }
    return st.fixed_dictionaries(fields, optional=optional).map(lambda drawn: Arguments(kwargs=tuple(drawn.items())))


_CREATING = st.one_of(
    _new_posts(),
    _new_posts(),
    one_of(
        given(pk=FIRST_KEY + 60, title="chosen key"),
        given(pk=_FIRST, title="a key that is taken"),
        given(nonsense=1),
        given(views=None),
        given(views="many"),
        given(author=Name("Post")),
        given(comments=[]),
        given(),
    ),
)
_AGGREGATES = one_of(
    given(n=call("Count", "pk"), mean=call("Avg", "views"), top=call("Max", "views"), low=call("Min", "views")),
    given(call("Count", "pk")),
    given(call("Sum", "views"), most=call("Max", "created_at")),
    given(n=call("Count", "pk", filter=q(published=True))),
    given(n=call("Count", "author", distinct=True)),
    given(n=call("Count", "comments", distinct=True), m=call("Count", "tags", distinct=True)),
    given(n=call("Count", "*")),
    given(total=call("Sum", Infix(f("views"), "+", 1), filter=q(views__lt=10))),
    given(total=call("Sum", "views", default=0)),
    given(total=call("Sum", "views", filter=q(title="no such"), default=7)),
    given(mean=call("Avg", "views", filter=q(views__range=(-10, 10)))),
    given(low=call("Min", "title"), last=call("Max", "comments__created_at")),
    given(spread=call("StdDev", "comments__post__pk"), variance=call("Variance", "pk", sample=True)),
    given(length=call("Max", call("Length", "title"))),
    given(total=Infix(call("Sum", "views", filter=q(views__lt=10)), "-", call("Count", "pk"))),
    given(),
    given(n=call("Count", "nonsense")),
    given(n=1),
    given(f("views")),
)
_FIELDS = one_of(
    given("published", "-pk"),
    given("-published", "pk"),
    given("author", "-pk"),
    given("created_at", "pk"),
    given("views", "-pk"),
    given("-title", "pk"),
    given("author__username", "pk"),
    given(),
    given("nonsense"),
    given(f("views"), "pk"),
)
_IN_BULK = one_of(
    given(),
    given([_FIRST, _SECOND]),
    given([_SECOND, _GONE]),
    given(id_list=(_FIRST, _FIRST)),
    given([]),
    given([_FIRST], field_name="pk"),
    given(field_name="title"),
    given(["a"], field_name="nonsense"),
    given(_FIRST),
)
_BULK_OF_TAGS = one_of(
    given(["async", "orm"], field_name="name"),
    given(field_name="name"),
    given(id_list=["nothing", "django"], field_name="name"),
    given([_FIRST]),
    given({_FIRST, _SECOND}),
    given([], field_name="name"),
    given("name"),
)
_CONTAINED = one_of(
    given(call("Post", pk=_FIRST)),
    given(call("Post", pk=_SECOND)),
    given(call("Post", pk=_FIRST)),
    given(obj=call("Post", pk=_SECOND)),
    given(call("Post", pk=_GONE)),
    given(instance("User", 0)),
    given(call("Post", title="unsaved")),
    given(_FIRST),
    given(call("PublishedPost", pk=_FIRST)),
)
_UPDATES = one_of(
    given(views=1, title="changed"),
    given(views=Infix(f("views"), "-", 1)),
    given(title=call("Concat", "title", call("Value", "!"))),
    given(title=f("content")),
    given(author=instance("User", 1)),
    given(author=None),
    given(author_id=_FIRST),
    given(published=call("Exists", Chain(Name("Comment.objects"), (step("filter", post=call("OuterRef", "pk")),)))),
    given(content=EXPRESSIONS[3]),
    given(created_at=MOMENTS[3]),
    given(views=None),
    given(nonsense=1),
    given(views="many"),
    given(tags=[]),
    given(author__username="grace"),
    given(),
)


def _or_create(*more: Arguments) -> Drawn:
    """Lookups that one row, none and several fit; defaults as values, callables and not at all."""
    return one_of(
        *more,
        given(pk=_FIRST, defaults={"title": "default"}),
        given(title="new", defaults={"views": 3, "published": True}),
        given(defaults={"views": 3}, title="a"),
        given(title="new"),
        given(pk=_GONE, defaults={"title": _NEXT, "content": "words"}),
        given({"views": 4, "content": _NEXT}, title="positional"),
        given(title__iexact="NEW", defaults={"title": "new", "views": 2}),
        given(title__iexact="A", defaults={"title": "looked up"}),
        given(published=True, defaults={"title": "several"}),
        given(author=_AUTHOR, title="owned", defaults={"author": None, "views": 1}),
        given(title="both", defaults={"title": "overridden"}),
        given(title="new", defaults={"nonsense": 1}),
        given(title="new", defaults={"views": None}),
        given(nonsense=1),
        given(pk=_FIRST, defaults={"views": Infix(f("views"), "+", 1)}),
        given(pk=_SECOND, defaults={"title": _NEXT, "views": 9, "author_id": _SECOND}),
        given(pk=_SECOND, defaults={}),
        given(),
    )


def _create_defaults() -> Drawn:
    return one_of(
        given(pk=_FIRST, defaults={"views": 1}, create_defaults={"views": 2, "title": "created"}),
        given(pk=_GONE, defaults={"views": 1}, create_defaults={"views": 2, "title": "created"}),
        given(title="new", create_defaults={"views": 2}),
        given(title="new", defaults={"views": 1}, create_defaults={}),
        given(title="new", defaults={"views": 1}, create_defaults=None),
        given({"views": 1}, {"views": 2, "content": _NEXT}, title="positional"),
        given(pk=_SECOND, create_defaults={"views": 2}),
        given(pk=_GONE, create_defaults={"nonsense": 2}),
        given(title="new", create_defaults={"title": "other", "author": _AUTHOR}),
    )


ARGUMENTS: dict[str, Drawn] = {
    "none": st.just(Arguments()),
    "getting": _GETTING,
    "creating": _CREATING,
    "chunk_size": one_of(*_CHUNKS, given()),
    # Before chunks have a size, what is prefetched for which rows is not said, and `iterator` refuses.
    "chunk_size_given": one_of(*_CHUNKS),
    "aggregates": _AGGREGATES,
    "orderings": _FIELDS,
    "in_bulk": _IN_BULK,
    "in_bulk_of_tags": _BULK_OF_TAGS,
    "contained": _CONTAINED,
    "updates": _UPDATES,
    "or_create": _or_create(),
    "or_create_raced": _or_create(
        given(pk=_GONE, defaults={"content": racing("Post", pk=_GONE, title="raced")}),
        given(pk=_GONE, title="new", defaults={"content": racing("Post", pk=_GONE, title="raced")}),
    ),
    "or_update": _or_create(
        given(pk=_FIRST, defaults={"views": changing("Post", title="meanwhile", published=True)}),
        given(pk=_GONE, defaults={"views": changing("Post", title="meanwhile")}),
    ),
    "create_defaults": _create_defaults(),
    "bulk_create": BULK_CREATE,
    "bulk_create_tags": BULK_TAGS,
    "bulk_update": BULK_UPDATE,
}
ARGUMENTS |= RELATED | SHORTCUTS | INSTANCES | OTHERS | COMPOSED | SEATS | PARCELS | DRAFTS

"""What the managers of related objects, instances and shortcuts are given."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

from hypothesis import strategies as st

from conformance.strategies.choosing import mostly
from conformance.strategies.code import Arguments, Attribute, Call, Chain, Infix, Name, Slice
from conformance.strategies.lookups import POST_CONDITIONS, instance
from conformance.strategies.meanwhile import racing
from conformance.strategies.plans import filtered_plans, plans
from conformance.strategies.rows import FIRST_KEY, SHORT_TEXTS
from conformance.strategies.shapes import PREFETCHES, call, f, given, one_of, q, step

Drawn = st.SearchStrategy[Arguments]
_SUBSETS = [each for size in range(4) for each in combinations(range(3), size)]


def _keys(positions: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(FIRST_KEY + position for position in positions)


def _each(model: str, positions: tuple[int, ...]) -> tuple[Chain, ...]:
    return tuple(instance(model, position) for position in positions)


_BULK: tuple[dict[str, Any], ...] = ({}, {"bulk": False})
_CLEAR: tuple[dict[str, Any], ...] = ({}, {"clear": True}, {"clear": False})
_THROUGH: tuple[dict[str, Any], ...] = ({}, {}, {"through_defaults": {}}, {"through_defaults": {"nonsense": 1}})
_TAGS = ("Tag", _SUBSETS)
# Posts that are surely there.
_POSTS = ("Post", [(), (), (0,), (1,), (0, 1), (1, 0)])


def _ends(of: tuple[str, list[tuple[int, ...]]], *, keys: bool = True) -> list[tuple[Any, ...]]:
    """The other ends of a relation: as instances, and as keys."""
    model, subsets = of
    return [ends for each in subsets for ends in ((_keys(each), _each(model, each)) if keys else (_each(model, each),))]


def _adding(ends: list[tuple[Any, ...]], ways: tuple[dict[str, Any], ...], *special: Arguments) -> Drawn:
    """Of four draws one is special, however many ends and ways there are."""
    return mostly(st.sampled_from([given(*each, **way) for each in ends for way in ways]), st.sampled_from(special))


def _setting(ends: list[tuple[Any, ...]], ways: tuple[dict[str, Any], ...], *special: Arguments) -> Drawn:
    usual = st.sampled_from([given(list(each), **way) for each in ends for way in ways])
    return mostly(usual, st.sampled_from(special), 2)


_UNSAVED_TAG, _NEW_COMMENT = call("Tag", name="unsaved"), call("Comment", content="new")
_NEW_REACTION = call("Reaction", emoji="new", count=3)
_ALL_TAGS = Chain(Name("Tag.objects"), (step("order_by", "name"),))
_SET_WAYS = tuple({**bulk, **clear} for bulk, clear in product(_BULK, _CLEAR))
_THROUGH_SET = tuple({**way, **clear} for way, clear in product(_THROUGH[1:], _CLEAR[:2]))
_NEXT = Chain(call("count", 5), (Attribute("__next__"),))
_FIRST, _GONE = FIRST_KEY, FIRST_KEY + 90
_OWN_REACTIONS = instance("Post", 0).then(Attribute("reactions"), step("all"))
_OWN_POSTS = instance("User", 0).then(Attribute("posts"), step("all"))
_OWN_TAGS = instance("Post", 0).then(Attribute("tags"), step("order_by", "name"))

_FIRST_POST = instance("Post", 0)
_OWNED = _adding(
    _ends(_POSTS, keys=False),
    _BULK,
    given(_FIRST),
    given(call("Post", title="unsaved")),
    given(call("Post", title="unsaved"), bulk=False),
    given(_UNSAVED_TAG),
)
_COMMENTS_OR = (
    given(content="a"),
    given(content="new", defaults={"author_id": _FIRST}),
    given(pk=_FIRST, defaults={"content": "default"}),
    given(content="new", defaults={"content": Name("str")}),
    given(author__isnull=True, defaults={"content": "several"}),
    given({"content": "positional"}, pk=_GONE),
    given(content="new", post=instance("Post", 1)),
    given(content="new", defaults={"nonsense": 1}),
    given(nonsense=1),
)
RELATED: dict[str, Drawn] = {
    "tags": _adding(
        _ends(_TAGS),
        _THROUGH,
        given(_UNSAVED_TAG),
        given("no key"),
        given(str(FIRST_KEY + 1)),
        given(instance("Post", 0)),
        given(None),
    ),
    "tags_removed": _adding(_ends(_TAGS), ({},), given(_UNSAVED_TAG), given(_GONE), given(instance("Post", 0))),
    "tags_set": _setting(
        _ends(_TAGS),
        _THROUGH_SET,
        given(_ALL_TAGS),
        given(_ALL_TAGS.then(Slice(1, None))),
        # What is cleared first must have been read before.
        given(_OWN_TAGS, clear=True),
        given([str(FIRST_KEY), str(FIRST_KEY + 2)]),
        # The same one twice: as two instances, and as an instance and its key.
        given([*_each("Tag", (0, 1, 0))]),
        given([*_each("Tag", (1, 0)), FIRST_KEY + 1]),
        given([_UNSAVED_TAG]),
        given(1),
    ),
    "tags_created": one_of(
        given(name="new"),
        given(name="new", through_defaults={}),
        given(name="django"),
        given(nonsense=1),
        given(name="new", through_defaults={"nonsense": 1}),
        given(pk=FIRST_KEY + 60, name="chosen"),
    ),
    "tags_or_created": one_of(
        given(name="new"),
        given(name="async"),
        given(name="django", through_defaults={}),
        given(name="orm", defaults={"name": "renamed"}),
        given(name="new", defaults={"pk": FIRST_KEY + 60}, through_defaults={}),
        given(name="new", through_defaults={"nonsense": 1}),
        given(name="async", through_defaults={"nonsense": 1}),
        given(pk=_FIRST, defaults={"name": "renamed"}),
        given(name__iexact="NEW", defaults={"name": "new"}),
        given(nonsense=1),
    ),
    "posts": _adding(_ends(_POSTS), _THROUGH[:1], given(call("Post", title="unsaved")), given(_UNSAVED_TAG)),
    "posts_set": _setting(_ends(_POSTS), _CLEAR, given(Chain(Name("Post.objects"), (step("all"),)))),
    "owned": _OWNED,
    # Every other time the post that is somebody's: of another, nothing is removed.
    "disowned": st.tuples(st.booleans(), _OWNED).map(lambda drawn: given(_FIRST_POST) if drawn[0] else drawn[1]),
    "owned_set": _setting(
        _ends(_POSTS, keys=False),
        _SET_WAYS,
        given(_OWN_POSTS),
        given(_OWN_POSTS, clear=True),
        given([_FIRST_POST, _FIRST_POST]),
        given([_FIRST]),
        given(None),
    ),
    "bulk": one_of(given(), given(bulk=False), given(bulk=True), given(1)),
    "comments_added": one_of(
        given(_NEW_COMMENT, bulk=False),
        given(_NEW_COMMENT),
        given(_NEW_COMMENT, call("Comment", content="two"), bulk=False),
        given(),
        given(instance("Post", 0)),
    ),
    "reactions_added": one_of(
        given(_NEW_REACTION, bulk=False),
        given(_NEW_REACTION),
        given(_NEW_REACTION, call("Reaction", emoji="two"), bulk=False),
        given(),
        given(instance("Post", 0)),
        given(_OWN_REACTIONS),
    ),
    "reactions_set": one_of(
        given([]),
        given([], clear=True),
        given([], bulk=False),
        given(_OWN_REACTIONS),
        given(_OWN_REACTIONS, clear=True),
        given(_OWN_REACTIONS.then(step("order_by", "pk"), Slice(None, 1))),
        given(_OWN_REACTIONS, bulk=False),
        given([_NEW_REACTION], bulk=False),
        given([_NEW_REACTION]),
    ),
    "comments_created": st.one_of(
        SHORT_TEXTS.map(lambda text: given(content=text)),
        one_of(
            given(content="words", author=instance("User", 0)),
            given(content="words", author_id=FIRST_KEY + 1),
            given(content="words", post=instance("Post", 1)),
            given(pk=FIRST_KEY + 60, content="chosen key"),
            given(nonsense=1),
            given(content=None),
            given(),
        ),
    ),
    "comments_or_raced": one_of(
        *_COMMENTS_OR,
        given(pk=_GONE, defaults={"content": racing("Comment", pk=_GONE, content="raced", post_id=_FIRST)}),
    ),
    "comments_or_created": one_of(*_COMMENTS_OR),
    "reactions_or_created": one_of(
        given(emoji="new", defaults={"count": 7}),
        given(emoji="+"),
        given(emoji="+", defaults={"count": 7}),
        given(emoji="é", defaults={"count": Infix(f("count"), "+", 1)}),
        given(emoji="new", defaults={"count": _NEXT}),
        given(emoji="+", count=1),
        given(emoji="new", count=-1),
        given(nonsense=1),
    ),
    "reactions_created": one_of(
        given(emoji="new"), given(emoji="+"), given(emoji="new", count=4), given(nonsense=1), given(count=None)
    ),
    "comments_bulk": st.builds(
        lambda number, batch: given(
            [call("Comment", content=str(at), post_id=_FIRST) for at in range(number)], **batch
        ),
        st.integers(0, 3),
        st.sampled_from([{}, {"batch_size": 1}, {"batch_size": 2}]),
    ),
}


def _or_404(*wrong: Arguments) -> Drawn:
    """On a model, a manager, a queryset and a manager of related objects; on what is none of these."""
    related = instance("User", 0).then(Attribute("posts"))
    # A model stands for its default manager, which may leave rows out.
    proxy = Name("PublishedPost")
    named = st.sampled_from([Name("Post"), proxy, Name("Post.objects"), proxy, related])
    classes = mostly(named, filtered_plans() | plans(), 2)
    conditions = POST_CONDITIONS.map(lambda condition: ((), (condition,)))
    known: list[tuple[tuple[Any, ...], Any]] = [
        ((), ()),
        ((q(views__gte=1),), ()),
        ((), (("pk", FIRST_KEY),)),
        ((q(pk=FIRST_KEY), q(views__lt=9)), ()),
        ((q(views__gte=0), q(pk=FIRST_KEY + 1)), (("title__isnull", False),)),
        ((q(views__gte=0), q(pk=FIRST_KEY + 90)), ()),
        ((), (("pk", FIRST_KEY + 1),)),
        ((), (("nonsense", 1),)),
    ]
    forms = st.sampled_from(known) | st.sampled_from(known) | conditions
    right = st.builds(lambda klass, form: Arguments((klass, *form[0]), form[1]), classes, forms)
    return mostly(right, st.sampled_from(wrong), 8)


_PREFETCHED = tuple(
    lookup
    for steps in PREFETCHES
    for each in steps
    for lookup in [each.args]
    if each.method == "prefetch_related" and each.args != (None,)
)
_FETCHED = Chain(Call("list", (Chain(Name("Post.objects"), (step("order_by", "pk"),)),)))
SHORTCUTS: dict[str, Drawn] = {
    "or_404": _or_404(given(Name("str"), pk=1), given(1), given()),
    "prefetches": st.builds(
        lambda posts, lookups: Arguments((posts, *lookups)),
        st.sampled_from(
            [
                _FETCHED,
                [instance("Post", 0), instance("Post", 1)],
                [
                    Chain(Name("Post.objects"), (step("prefetch_related", "tags"), *instance("Post", 0).steps)),
                    instance("Post", 1),
                ],
                [],
            ]
        ),
        st.sampled_from(
            [
                *_PREFETCHED,
                ("tags",),
                ("tags__posts", "comments"),
                ("author", "tags", "comments__author"),
                ("nonsense",),
                ("title",),
                (),
            ]
        ),
    ),
}

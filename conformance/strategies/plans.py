"""Querysets as expressions: what narrows, annotates, orders, shapes and cuts them.

Every ordering is total, where the rows are seen: without that the database may answer the same question in two orders.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import strategies as st

from conformance.strategies.code import Call, Chain, Name, Slice, Step
from conformance.strategies.lookups import COMMENT_CONDITIONS, POST_CONDITIONS, SPECIMEN_CONDITIONS, narrowings
from conformance.strategies.shapes import ANNOTATIONS, COMBINED, SHAPES

Steps = tuple[Any, ...]
_NARROWED = narrowings(POST_CONDITIONS, "Post")
_FIELDS = ("title", "views", "published", "created_at", "author")


def _order(*fields: Any) -> Steps:
    return (Step("order_by", fields),)


def _by(field: str, way: str, **nulls: bool) -> Chain:
    """An order by an expression, which says where rows without a value come."""
    return Chain(Call("F", (field,)), (Step(way, kwargs=tuple(nulls.items())),))


# None leaves the model's own, which is total. Each field ties, and `author` is NULL in some rows.
ORDERINGS: tuple[Steps, ...] = (
    (),
    _order("pk"),
    _order("-pk"),
    *(_order(f"{sign}{field}", key) for field in _FIELDS for sign, key in product(("", "-"), ("pk", "-pk"))),
    *(_order(f"{one}views", f"{two}published", "pk") for one, two in product(("", "-"), repeat=2)),
    _order("author__username", "-views", "pk"),
    _order(Call("F", ("title",)), "-pk"),
    _order(_by("views", "desc"), "pk"),
    _order("published", _by("author", "asc", nulls_last=True), "pk"),
    _order(_by("author", "asc", nulls_first=True), _by("pk", "asc")),
    _order(_by("author", "desc", nulls_last=True), "-pk"),
    (*_order(_by("author", "desc", nulls_first=True), "pk"), Step("reverse")),
    (*_order("views", "pk"), Step("reverse")),
    (Step("reverse"),),
    (*_order("title"), *_order("-views", "-pk")),
)
SLICES: tuple[Steps, ...] = (
    (),
    (),
    (),
    (Slice(None, 2),),
    (Slice(1, None),),
    (Slice(1, 3),),
    (Slice(0, 0),),
    (Slice(2, 2),),
    (Slice(0, 1),),
    (Slice(1, 4), Slice(1, 2)),
)


def _plan(start: str, *parts: Steps) -> Chain:
    steps = tuple(step for steps in parts for step in steps)
    # A manager can neither be cut nor iterated over.
    queryset = bool(steps) and isinstance(steps[0], Step)
    return Chain(Name(start), steps if queryset else (Step("all"), *steps))


def plans() -> st.SearchStrategy[Chain]:
    """Posts as instances: narrowed, ordered, cut, some of them annotated or loaded in part."""
    instances = st.sampled_from(((), (), (), *SHAPES["instances"], *ANNOTATIONS))
    return st.builds(
        _plan,
        st.just("Post.objects"),
        _NARROWED,
        instances,
        st.sampled_from(ORDERINGS),
        st.sampled_from(SLICES),
    )


def uncut_plans() -> st.SearchStrategy[Chain]:
    """The same for what refuses those that are cut: one in ten is."""
    instances = st.sampled_from(((), (), (), *SHAPES["instances"], *ANNOTATIONS))
    refused = st.sampled_from([()] * 9 + [(Slice(1, 3),)])
    return st.builds(_plan, st.just("Post.objects"), _NARROWED, instances, st.sampled_from(ORDERINGS), refused)


def narrow_plans() -> st.SearchStrategy[Chain]:
    """Posts as what may be changed and deleted: neither cut nor shaped, but for one in ten, which are refused."""
    refused = st.sampled_from([()] * 9 + [(Slice(0, 1),)])
    return st.builds(_plan, st.just("Post.objects"), _NARROWED, st.sampled_from(ORDERINGS), refused)


def refused_plans() -> st.SearchStrategy[Chain]:
    """Posts as what may be deleted and looked for; one in six is cut, in values, or distinct by a field."""
    refused = (
        (Slice(0, 1),),
        (Step("values", ("title",)),),
        (Step("values_list", ("pk",)),),
        (Step("distinct", ("title",)),),
    )
    ways = st.sampled_from([()] * 20 + [*refused])
    return st.builds(_plan, st.just("Post.objects"), _NARROWED, st.sampled_from(ORDERINGS), ways)


def filtered_plans() -> st.SearchStrategy[Chain]:
    """Posts, narrowed and nothing else."""
    return st.builds(_plan, st.just("Post.objects"), _NARROWED)


def unordered_plans() -> st.SearchStrategy[Chain]:
    """Tags, which have no order, for what brings one where there is none."""
    narrowed = ((), (Step("filter", kwargs=(("name__gt", "b"),)),), (Step("exclude", kwargs=(("name", "async"),)),))
    cut = ((), (), (Slice(0, 1),))
    return st.builds(_plan, st.just("Tag.objects"), st.sampled_from(narrowed), st.sampled_from(cut))


def whole_plans() -> st.SearchStrategy[Chain]:
    """Posts, most of them: those of a table that is read in chunks."""
    narrowed = st.sampled_from([(), (), (Step("filter", kwargs=(("views__lte", 6),)),)])
    return st.builds(_plan, st.just("Post.objects"), narrowed, st.sampled_from(ORDERINGS)) | plans()


def sliced_plans() -> st.SearchStrategy[Chain]:
    """Posts of a part of an order."""
    ordered = st.sampled_from(ORDERINGS)
    return st.builds(_plan, st.just("Post.objects"), _NARROWED, ordered, st.sampled_from(SLICES[3:]))


def shaped_plans(shape: str) -> st.SearchStrategy[Chain]:
    """Posts in one of the shapes by name, which has steps of its own order where it needs them."""
    return st.builds(
        _plan,
        st.just("Post.objects"),
        _NARROWED,
        st.sampled_from(SHAPES[shape]),
        st.sampled_from(SLICES),
    )


def any_plans() -> st.SearchStrategy[Chain]:
    """Posts in every shape."""
    every = [steps for name in sorted(SHAPES) for steps in SHAPES[name]]
    return st.builds(
        _plan,
        st.just("Post.objects"),
        _NARROWED,
        st.sampled_from(ORDERINGS),
        st.sampled_from(((), (), *every, *ANNOTATIONS)),
        st.sampled_from(SLICES),
    )


def combined_plans() -> st.SearchStrategy[Chain]:
    """Unions, intersections and differences."""
    return st.builds(_plan, st.just("Post.objects"), _NARROWED, st.sampled_from(COMBINED), st.sampled_from(SLICES))


def comment_plans() -> st.SearchStrategy[Chain]:
    """Comments: narrowed, ordered, cut."""
    orderings = ((), _order("pk"), _order("-post__views", "pk"), _order("author", "-pk"), _order("content", "pk"))
    return st.builds(
        _plan,
        st.just("Comment.objects"),
        narrowings(COMMENT_CONDITIONS),
        st.sampled_from(orderings),
        st.sampled_from(SLICES),
    )


def specimen_plans(*, cut: bool = True) -> st.SearchStrategy[Chain]:
    """Specimens: a lookup of every field type."""
    fields = ("decimal", "uuid", "moment", "day", "time", "duration", "big", "small", "real", "flag")
    orderings = (_order("pk"), *(_order(f"{sign}{field}", "pk") for field in fields for sign in ("", "-")))
    return st.builds(
        _plan,
        st.just("Specimen.objects"),
        narrowings(SPECIMEN_CONDITIONS),
        st.sampled_from(orderings),
        st.sampled_from(SLICES if cut else [()]),
    )

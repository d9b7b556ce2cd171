"""What methods are called on, by kind: the rows that stand in the database, and the expression of the target."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from conformance.strategies import composed, plans
from conformance.strategies.choosing import mostly
from conformance.strategies.code import Attribute, Call, Chain, Name, Pairs, Step
from conformance.strategies.instances import CHANGES, CHANGES_ELSEWHERE, CHILD_CHANGES, NEW_POSTS
from conformance.strategies.lookups import instance
from conformance.strategies.meanwhile import SECOND_ALIAS
from conformance.strategies.rows import Rows, reviewed_rows, rows, some_reviewed_rows, specimen_rows
from conformance.strategies.shapes import RAW, SHAPES


@dataclass(frozen=True)
class TargetKind:
    """The rows that are there, the targets, and the attributes that a target is given before the call."""

    rows: st.SearchStrategy[Rows]
    targets: st.SearchStrategy[Any]
    changes: st.SearchStrategy[Pairs] = field(default_factory=lambda: st.just(()))
    # Whether every target is well formed: what the reference model does not know must give an answer all the same.
    answers: bool = False
    # A model that not every Django has.
    needs: str = ""


def _fetched(model: str, most: int = 1, *steps: Step) -> st.SearchStrategy[Chain]:
    """An instance of the rows; with steps, fetched through them."""
    wanted = Chain(Name(f"{model}.objects"), steps)
    return st.integers(0, most).map(lambda at: wanted.then(*instance(model, at).steps))


def _with_caches(model: str, ones: tuple[str, ...], many: str) -> st.SearchStrategy[Any]:
    """An instance of the rows; of every fourth each, the single related objects or many are fetched already."""
    selected, prefetched = Step("select_related", ones), Step("prefetch_related", (many,))
    return _fetched(model) | _fetched(model) | _fetched(model, 1, selected) | _fetched(model, 1, prefetched)


def _related(model: str, name: str, most: int = 1) -> st.SearchStrategy[Any]:
    """A manager of related objects; of every third owner they are prefetched."""
    prefetched = Step("prefetch_related", (name,))
    owners = _fetched(model, most) | _fetched(model, most) | _fetched(model, most, prefetched)
    return owners.map(lambda owner: owner.then(Attribute(name)))


_ROWS = rows()
_SOME = rows(min_posts=1)
_POSTS = rows(min_posts=2, max_posts=4)


def _manager(name: str) -> TargetKind:
    return TargetKind(_ROWS, st.just(Name(name)))


def _elsewhere(target: Chain) -> Chain:
    return Chain(target.start, (_USING, *target.steps))


def _owned(drawn: Rows) -> Rows:
    """The same where the first post is the first user's: of a post that is nobody's nothing is removed."""
    first, *others = drawn.posts
    return replace(drawn, posts=(replace(first, author=0), *others))


def _all(*names: str) -> dict[str, TargetKind]:
    """Every row of each kind of manager, as a queryset."""
    return {
        f"{name}_all": TargetKind(TARGETS[name].rows, TARGETS[name].targets.map(lambda each: Chain(each, _ALL)))
        for name in names
    }


_ALL = (Step("all"),)
_USING = Step("using", (SECOND_ALIAS,))
TARGETS: dict[str, TargetKind] = {
    "queryset": TargetKind(_SOME, plans.plans()),
    "uncut": TargetKind(_SOME, plans.uncut_plans()),
    "uncut_ends": TargetKind(_SOME, plans.uncut_plans() | plans.uncut_plans() | plans.unordered_plans()),
    "ends": TargetKind(_SOME, plans.plans() | plans.plans() | plans.unordered_plans()),
    "sliced": TargetKind(_POSTS, plans.sliced_plans()),
    "filtered": TargetKind(_SOME, plans.filtered_plans()),
    "any_queryset": TargetKind(_SOME, plans.any_plans()),
    "deleted_queryset": TargetKind(_SOME, plans.refused_plans()),
    "searched": TargetKind(_SOME, mostly(plans.uncut_plans(), plans.refused_plans(), 2)),
    "narrow_queryset": TargetKind(_SOME, plans.narrow_plans()),
    "combined": TargetKind(_SOME, plans.combined_plans()),
    "comments": TargetKind(_SOME, plans.comment_plans()),
    "composed": TargetKind(_POSTS, composed.composed_plans(), answers=True),
    "windowed": TargetKind(_POSTS, composed.windowed_plans(), answers=True),
    **{
        f"composed_{kind}": TargetKind(_POSTS, composed.composed_plans(kind), answers=True)
        for kind in ("grouped", "named", "combined")
    },
    "within": TargetKind(_POSTS, composed.within_plans(), answers=True),
    **{kind: TargetKind(_POSTS, composed.loaded_plans(kind), answers=True) for kind in composed.LOADED},
    "forward": TargetKind(some_reviewed_rows(), composed.forward_plans(), answers=True),
    "filtered_relation": TargetKind(_POSTS, composed.filtered_relation_plans(), answers=True),
    "behind_filtered_relation": TargetKind(_POSTS, composed.filtered_relation_plans(through=True), answers=True),
    "annotated": TargetKind(_POSTS, composed.annotated_plans(), answers=True),
    "annotated_by_windows": TargetKind(_POSTS, composed.annotated_plans(windows=True), answers=True),
    "specimens_unsliced": TargetKind(specimen_rows(1), plans.specimen_plans(cut=False)),
    "specimens": TargetKind(specimen_rows(), plans.specimen_plans()),
    **{shape: TargetKind(_SOME, plans.shaped_plans(shape)) for shape in SHAPES},
    "using_queryset": TargetKind(_SOME, plans.filtered_plans().map(_elsewhere)),
    "using_manager": TargetKind(_SOME, st.just(Chain(Call("Post.objects.db_manager", (SECOND_ALIAS,))))),
    "using_instance": TargetKind(_POSTS, _fetched("Post", 1, _USING), CHANGES_ELSEWHERE),
    "using_related": TargetKind(_POSTS, _fetched("Post", 1, _USING).map(lambda each: each.then(Attribute("comments")))),
    "using_tags": TargetKind(_POSTS, _fetched("Post", 1, _USING).map(lambda each: each.then(Attribute("tags")))),
    "raw": TargetKind(_SOME, st.sampled_from(RAW)),
    "manager": _manager("Post.objects"),
    "tag_manager": _manager("Tag.objects"),
    "proxy_manager": _manager("PublishedPost.objects"),
    "child_manager": TargetKind(some_reviewed_rows(), st.just(Name("Review.objects"))),
    "profile_manager": _manager("Profile.objects"),
    "specimen_manager": TargetKind(specimen_rows(), st.just(Name("Specimen.objects"))),
    # What has lost its key has no row that could be deleted.
    "instance": TargetKind(_POSTS, _fetched("Post"), st.sampled_from(((), (), (), (), (("pk", None),)))),
    "changed_instance": TargetKind(_POSTS, _with_caches("Post", ("author", "review"), "tags"), CHANGES),
    "partial_instance": TargetKind(_POSTS, _fetched("Post", 1, Step("only", ("title", "views"))), CHANGES),
    "new_instance": TargetKind(_SOME, NEW_POSTS),
    "changed_child": TargetKind(reviewed_rows(), _fetched("Review", 0), CHILD_CHANGES),
    "changed_proxy": TargetKind(_SOME, st.just(Chain(Call("PublishedPost", kwargs=(("title", "new"),)))), CHANGES),
    "child_instance": TargetKind(reviewed_rows(), _fetched("Review", 0)),
    "user_instance": TargetKind(_POSTS, _fetched("User")),
    "related": TargetKind(_POSTS, _related("Post", "comments")),
    "nullable_related": TargetKind(_POSTS.map(_owned), _related("User", "posts")),
    "chunked": TargetKind(rows(min_posts=3), plans.whole_plans()),
    "full_manager": TargetKind(rows(min_posts=3), st.just(Name("Post.objects"))),
    "many_to_many": TargetKind(_POSTS, _related("Post", "tags")),
    "reverse_many_to_many": TargetKind(_POSTS, _related("Tag", "posts")),
    "generic": TargetKind(_POSTS, _related("Post", "reactions")),
    "shortcuts": TargetKind(_SOME, st.just(Name("shortcuts"))),
    "models": TargetKind(_POSTS, st.just(Name("models"))),
}
TARGETS |= _all("related", "many_to_many", "generic", "proxy_manager", "child_manager", "profile_manager")

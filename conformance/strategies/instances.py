"""What an instance's own methods are given."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.strategies.choosing import mostly
from conformance.strategies.code import Arguments, Call, Chain, Infix, Name, Pairs
from conformance.strategies.lookups import instance
from conformance.strategies.rows import FIRST_KEY, SHORT_TEXTS
from conformance.strategies.shapes import call, f, given, one_of, step
from conformance.strategies.values import MOMENTS, Digits, small_integers

Drawn = st.SearchStrategy[Arguments]


_BASE = Name("Post")
_POSTS = Chain(Name("Post.objects"), (step("all"),))
_NAMES = ("title", "content", "views", "published", "author_id", "created_at")


def _changes(choice: int, title: str, views: int) -> Pairs:
    """Some of the fields with new values; the first choice is all of them."""
    digits = Digits(choice)
    left_out = digits.subset(len(_NAMES))
    values = (title, "words", views, bool(digits.below(2)), digits.of((None, *_KEYS)), digits.of(MOMENTS))
    pairs = zip(_NAMES, values, strict=True)
    return tuple(pair for position, pair in enumerate(pairs) if position not in left_out)


def _new_post(changes: Pairs, author: int) -> Call:
    """Without a key, with one, and with an author that is an instance, also one that is not saved."""
    ways: tuple[dict[str, Any], ...] = (
        {},
        {},
        {"pk": FIRST_KEY + 60},
        {"pk": FIRST_KEY},
        {"author": instance("User", 0)},
        {"author": call("User", username="unsaved")},
        {"views": Infix(f("views"), "+", 1)},
        {"title": None},
    )
    return Call("Post", kwargs=tuple({**dict(changes), **ways[author]}.items()))


_KEYS = (FIRST_KEY, FIRST_KEY + 1)
_CHOICES = 2 ** len(_NAMES) * 2 * 3 * len(MOMENTS)
_ORDINARY = st.builds(_changes, st.integers(0, _CHOICES - 1), SHORT_TEXTS, small_integers())
_SPECIAL: tuple[Pairs, ...] = (
    (("views", Infix(f("views"), "+", 1)),),
    (("title", call("Upper", "content")), ("views", 3)),
    (("author", instance("User", 1)),),
    (("author", None), ("title", "changed")),
    (("author", call("User", username="unsaved")),),
    (("title", None),),
    (("views", "many"),),
    (("pk", None), ("title", "copied")),
    (("pk", FIRST_KEY + 60), ("title", "copied")),
    (),
)
CHANGES: st.SearchStrategy[Pairs] = mostly(_ORDINARY, st.sampled_from(_SPECIAL))
# An author of `default` cannot be given to a post of another alias: the assignment refuses, before the operation.
CHANGES_ELSEWHERE: st.SearchStrategy[Pairs] = CHANGES.filter(
    lambda changes: ("author", instance("User", 1)) not in changes
)
CHILD_CHANGES: st.SearchStrategy[Pairs] = st.builds(
    lambda changes, rating: (*changes, ("rating", rating)), CHANGES, st.sampled_from([1, 2, None])
)
NEW_POSTS = st.builds(_new_post, _ORDINARY, st.integers(0, 7))
INSTANCES: dict[str, Drawn] = {
    "saving": one_of(
        given(),
        given(update_fields=["title"]),
        given(update_fields=("title", "views")),
        given(update_fields=["author"]),
        given(update_fields=["author_id"]),
        given(update_fields=[]),
        given(update_fields=["nonsense"]),
        given(update_fields=["tags"]),
        given(force_update=True),
        given(force_insert=True),
        given(force_insert=True, force_update=True),
        given(force_insert=(_BASE,)),
        given(force_insert=True, update_fields=["title"]),
        given(using="default"),
        given(using="nowhere"),
        given(nonsense=1),
    ),
    "saving_new": one_of(
        given(),
        given(),
        given(force_insert=True),
        given(force_insert=(_BASE,)),
        given(force_update=True),
        given(update_fields=["title"]),
        given(using="default"),
        given(force_insert=True, using="default"),
    ),
    "saving_elsewhere": one_of(
        given(),
        given(using="again"),
        given(using="default"),
        given(using="again", update_fields=["title"]),
        given(using="again", force_update=True),
    ),
    "deleting_elsewhere": one_of(given(), given(using="again"), given(using="default"), given("again")),
    "refreshing_elsewhere": one_of(
        given(), given(using="again"), given(using="default"), given(using="again", fields=["title"])
    ),
    "deleting": one_of(
        given(),
        given(),
        given(keep_parents=True),
        given(keep_parents=False, using="default"),
        given(using="default"),
        given("default"),
        given(using="nowhere"),
        given(nonsense=1),
    ),
    "refreshing": one_of(
        given(),
        given(fields=["title"]),
        given(fields=["title", "views"]),
        given(fields=("author",)),
        given(fields=["author_id"]),
        given(fields=[]),
        given(fields=["nonsense"]),
        given(fields=["tags"]),
        given(fields=["comments"]),
        given(using="default"),
        given("default", ["title"]),
        given(using="nowhere"),
        given(fields=["title__length"]),
        given(nonsense=1),
    ),
    "refreshing_through": one_of(
        given(from_queryset=_POSTS),
        given(from_queryset=_POSTS.then(step("select_related", "author"))),
        given(from_queryset=_POSTS.then(step("filter", views__gte=0))),
        given(from_queryset=Chain(Name("PublishedPost.objects"), (step("all"),)), fields=["views"]),
        given(from_queryset=_POSTS.then(step("only", "title"))),
        given(from_queryset=Name("Post.objects")),
        given(from_queryset=None),
    ),
}

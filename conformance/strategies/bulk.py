"""What `bulk_create` and `bulk_update` are given: instances, fields, batch sizes, and what to do about conflicts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, product
from operator import itemgetter
from typing import Any

from hypothesis import strategies as st

from conformance.strategies.code import Arguments, Call, Chain, Infix, Name
from conformance.strategies.rows import FIRST_KEY
from conformance.strategies.shapes import call, f, one_of, step

_NEW = tuple(
    call("Post", title=title, content="words", views=views, author_id=author)
    for title, views, author in (
        ("one", 1, None),
        ("two", 2, FIRST_KEY),
        ("three", -3, None),
        ("é", 0, None),
        ("", 5, None),
    )
)
_CHOSEN = call("Post", pk=FIRST_KEY + 61, title="chosen key")
_TAKEN = call("Post", pk=FIRST_KEY, title="a key that is taken", views=77)
_NEW_TAGS = tuple(call("Tag", name=name) for name in ("x", "django", "y", "z"))
_UNSAVED = call("Post", title="t", author=call("User", username="unsaved"))


# Small batches, so that few rows make several, and one that is not full.
_SIZES: tuple[dict[str, Any], ...] = (
    {"batch_size": 2}, {"batch_size": 3}, {"batch_size": 1}, {}, {"batch_size": None},
)  # fmt: skip


def _mixed(*groups: Sequence[Arguments]) -> st.SearchStrategy[Arguments]:
    """All of them in turn, so that of few examples each group has its part."""
    places = [(place / len(group), form) for group in groups for place, form in enumerate(group)]
    return one_of(*(form for _, form in sorted(places, key=itemgetter(0))))


def _created(number: int, kwargs: dict[str, Any], form: int) -> Arguments:
    objects: list[Call] = list(_NEW[:number])
    if form == 1:
        objects.append(_CHOSEN)
    if form == 2:
        return Arguments((), (("objs", tuple(objects)), *kwargs.items()))
    return Arguments((objects,), tuple(kwargs.items()))


_WRONG = (
    Arguments(([_NEW[0]],), (("batch_size", 0),)),
    Arguments(([_NEW[0]],), (("batch_size", -1),)),
    Arguments(([_NEW[0], _TAKEN],)),
    Arguments(([_UNSAVED],)),
    Arguments(([_NEW[0]],), (("ignore_conflicts", True), ("update_conflicts", True))),
    Arguments(([_NEW[0]],), (("update_conflicts", True),)),
    Arguments(([call("Tag", name="x")],)),
    Arguments((1,)),
)
_BATCHES: tuple[dict[str, Any], ...] = ({}, {"batch_size": 1})
_CONFLICTS = tuple(
    Arguments((list(objects),), tuple({**how, **batch}.items()))
    for objects, batch, how in product(
        ((_NEW[0], _TAKEN), (_TAKEN, _CHOSEN, _NEW[1])),
        _BATCHES,
        (
            {"ignore_conflicts": True},
            {"update_conflicts": True, "update_fields": ["title", "views"], "unique_fields": ["pk"]},
            {"update_conflicts": True, "update_fields": ["title"], "unique_fields": ["id"]},
            {"update_conflicts": True, "update_fields": ["title"]},
            {"update_conflicts": True, "update_fields": ["nonsense"], "unique_fields": ["pk"]},
        ),
    )
)
# Numbers of rows, sizes of batches and ways to give them that meet in every combination after sixty of them.
_CREATED = [
    _created(number, size, form)
    for number, size, form, _ in zip(
        cycle((3, 5, 4, 2, 1)), cycle(_SIZES[:4]), cycle((0, 1, 2)), range(22), strict=False
    )
]
BULK_CREATE = _mixed(_CREATED, _CONFLICTS, [*_WRONG, Arguments(([],))])
BULK_TAGS = st.builds(
    lambda number, kwargs, how: Arguments((list(_NEW_TAGS[:number]),), tuple({**kwargs, **how}.items())),
    st.integers(1, 4),
    st.sampled_from(_SIZES),
    st.sampled_from(
        [
            {},
            {"ignore_conflicts": True},
            {"update_conflicts": True, "update_fields": ["name"], "unique_fields": ["name"]},
        ]
    ),
)


def _changed(position: int, **values: Any) -> Call:
    return call("Post", pk=FIRST_KEY + position, **values)


def _updated(number: int, fields: list[str], kwargs: dict[str, Any]) -> Arguments:
    values = ({"title": f"changed {at}", "views": at - 1, "published": at % 2 == 0} for at in range(number))
    objects = [_changed(at, **each) for at, each in enumerate(values)]
    return Arguments((objects, fields), tuple(kwargs.items()))


_EXPRESSION = _changed(0, title=call("Upper", "content"), views=Infix(f("views"), "-", 1))
_WRONG_UPDATES = (
    Arguments(([_changed(0)], [])),
    Arguments(([_changed(0)], ["pk"])),
    Arguments(([_changed(0)], ["tags"])),
    Arguments(([_changed(0)], ["nonsense"])),
    Arguments(([call("Post", title="unsaved")], ["title"])),
    Arguments(([_changed(0)], ["title"]), (("batch_size", 0),)),
    Arguments(([_changed(0, author=call("User", username="unsaved"))], ["author"])),
    # A related object that is not saved is no obstacle to other fields.
    Arguments(([_changed(0, title="alone", author=call("User", username="unsaved"))], ["title"])),
    Arguments(([], ["title"])),
    Arguments(([_changed(90, title="gone"), _changed(0, title="there")], ["title"])),
    Arguments((), (("objs", [_EXPRESSION]), ("fields", ("title", "views")))),
    Arguments(([_changed(0, author_id=FIRST_KEY)], ["author"])),
    Arguments((Chain(Name("Post.objects"), (step("all"),)), ["title"])),
)
_UPDATED = [
    _updated(number, fields, size)
    for (number, size), fields in product(
        zip((3, 4, 2, 1, 4, 3), (*_SIZES, {"batch_size": 2}), strict=True),
        (["title"], ["title", "views"], ["views", "published"], ["published", "title"]),
    )
]
BULK_UPDATE = _mixed(_UPDATED, _WRONG_UPDATES)

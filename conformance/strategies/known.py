"""Calls on which a verdict hangs and that few draws would make again: each run has them, whatever its seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from conformance.strategies.code import Arguments, Attribute, Chain, Infix, Slice
from conformance.strategies.lookups import DOCUMENT_CONDITIONS, Condition
from conformance.strategies.meanwhile import SECOND_ALIAS
from conformance.strategies.model_features.parts import ONE, TWO, objects, order
from conformance.strategies.model_features.rows import FeatureRows, key
from conformance.strategies.model_features.seats import FIRST, SECOND
from conformance.strategies.rows import PostRow, Rows, SpecimenRow
from conformance.strategies.shapes import EVERY_POST, call, f, given, q, step
from conformance.strategies.values import JSONS, MOMENTS, UUIDS


@dataclass(frozen=True)
class Known:
    """What a method is called on, and what it is given; None, as of rows, leaves what was drawn."""

    target: Chain
    arguments: Arguments | None = None
    rows: Rows | None = None


def _database(**tables: tuple[Any, ...]) -> FeatureRows:
    """Tables by the names of their models: of each the names of its columns, separated by spaces, and then its rows."""
    rows = {
        model: tuple(tuple(zip(names.split(), row, strict=True)) for row in values)
        for model, (names, *values) in tables.items()
    }
    return FeatureRows((), (), tables=tuple(rows.items()))


def _seats(*guests: tuple[int, str]) -> FeatureRows:
    """Three seats, the first of them without a price; `guests` have one of each: its position, and their name."""
    places = (FIRST, SECOND, (TWO, 1))
    return _database(
        Hall=("id name", (ONE, "a"), (TWO, "b")),
        Seat=(
            "hall number label price",
            *((*place, "a", price) for place, price in zip(places, (None, 5, 0), strict=True)),
        ),
        Booking=(
            "id hall number guest",
            *((key(at), *places[seat], guest) for at, (seat, guest) in enumerate(guests)),
        ),
    )


# The second seat has a guest of that name and another.
_EXCLUDED = Known(
    objects("Seat", step("all"), step("exclude", bookings__guest="a"), *order("pk")),
    rows=_seats((0, "b"), (1, "long name"), (1, "a")),
)
# Of a row that is changed and of one that is not, something is computed that the other has not.
_MADE = datetime(2001, 1, 1, tzinfo=timezone.utc)
_DRAFTS = _database(
    Draft=(
        "id slug title status priority made_at",
        (ONE, "", "a", "old", 3, _MADE),
        (TWO, "a", "b", "new", 1, _MADE),
        (key(2), "b", "b", "new", None, _MADE),
    ),
    Page=("id draft text number", (ONE, key(2), "", 2), (TWO, key(2), "a", 0), (key(2), ONE, "a", 3)),
)
_PARCELS = _database(
    Crate=("id name", (ONE, "a"), (TWO, "b")),
    Parcel=(
        "id name weight pieces inside",
        (ONE, "a", Decimal("1.50"), None, ONE),
        (TWO, "a", Decimal("100.00"), 0, TWO),
        (key(2), "b", Decimal("0.10"), None, ONE),
    ),
)
# Every condition of JSON by itself, of every document: whether it holds.
_DOCUMENTS = Rows(
    (),
    (),
    specimens=tuple(
        SpecimenRow(None, each, UUIDS[0], None, None, None, None, None, "", at, 0, None, None)
        for at, each in enumerate(JSONS)
    ),
)


def _asked(conditions: tuple[Condition, ...]) -> Known:
    asked = {
        f"holds{at}": call("Case", call("When", q(**dict([each])), then=call("Value", 1)), default=call("Value", 0))
        for at, each in enumerate(conditions)
    }
    return Known(objects("Specimen", step("annotate", **asked), *order("pk")), rows=_DOCUMENTS)


_NUMBERED = order("-views", "pk")
_EVERY = order()
_POSTS = objects("Post", *_EVERY)
_ONE = objects("Post", step("filter", pk=ONE), *_EVERY)
_UNION = _ONE.then(step("union", _POSTS), *_NUMBERED)
_DIFFERENCE = _POSTS.then(step("difference", _ONE), *_NUMBERED)


# Some have no author.
_AUTHORS = Rows(tuple(PostRow("", "", False, MOMENTS[0], at, author, ()) for at, author in enumerate((1, None, 0))), ())


def _by_expressions(*steps: Any) -> tuple[Known, ...]:
    """Posts ordered by expressions, up and down, with those that have no author at either end."""
    ways = (("asc", "nulls_first"), ("desc", "nulls_last"), ("asc", "nulls_last"), ("desc", "nulls_first"))
    orders = (step("order_by", Chain(f("author"), (step(way, **{nulls: True}),)), "pk") for way, nulls in ways)
    return tuple(Known(objects("Post", each, *steps), rows=_AUTHORS) for each in orders)


def _combined(*forms: Arguments) -> tuple[Known, ...]:
    """Combinations, which refuse whatever would choose a part of them by a condition."""
    targets = (_UNION, _DIFFERENCE, _UNION.then(Slice(None, 1)), _POSTS.then(step("intersection", _ONE), *_NUMBERED))
    return tuple(Known(target, form) for form in forms for target in targets)


_AGAIN = step("using", SECOND_ALIAS)
# Of the other way round Django 4.2 refuses related rows of another alias.
_ELSEWHERE = objects("Tag", _AGAIN)
_BOTH = (step("prefetch_related", "tags"), step("prefetch_related", "comments"))


# An instance of `default` would be refused.
_GIVEN = {
    ("tags", "add"): given(ONE, TWO),
    ("tags", "set"): given([ONE]),
    ("posts", "add"): given(ONE),
    ("posts", "set"): given([TWO]),
    ("reactions", "add"): given(call("Reaction", emoji="new", count=3), bulk=False),
}


def _owners(model: str, name: str, method: str) -> tuple[Known, ...]:
    """The related objects of a row of another alias, which the router has to be told of."""
    owner = objects(model, _AGAIN, step("get", pk=ONE))
    return (Known(owner.then(Attribute(name)), _GIVEN.get((name, method))),)


_OTHERS = {
    ("many_to_many", "tags", "Post"): ("add", "set", "remove", "clear", "create", "get_or_create"),
    ("reverse_many_to_many", "posts", "Tag"): ("add", "set", "remove", "clear"),
    ("nullable_related", "posts", "User"): ("clear",),
    ("related", "comments", "Post"): ("create", "get_or_create", "update_or_create", "update", "count"),
    ("generic", "reactions", "Post"): ("add", "clear", "create", "get_or_create", "update_or_create"),
}
# By the kind of target and the method.
_KNOWN: dict[tuple[str, str], tuple[Known, ...]] = {
    # Of an empty slice no row is asked for, and its columns are not named as they are referred to.
    ("queryset", "aggregate"): (
        Known(
            objects("Post", step("all"), Slice(2, 2)),
            given(total=Infix(call("Sum", "views", filter=q(views__lt=10)), "-", call("Count", "pk"))),
        ),
    ),
    ("uncut", "get"): (
        Known(_UNION, given(pk=ONE)),
        Known(_ONE.then(step("union", _ONE)), given()),
        Known(_DIFFERENCE, given(q(pk=ONE))),
    ),
    ("any_queryset", "exists"): _combined(given()),
    # Of a part of them `count` fails where it is ordered, which the entry of combinations says.
    ("any_queryset", "count"): (Known(_UNION, given()), Known(_DIFFERENCE, given())),
    ("ends", "first"): _combined(given()),
    ("uncut_ends", "last"): (*_by_expressions(), Known(_UNION), *_by_expressions(), Known(_DIFFERENCE)),
    ("queryset", "__iter__"): _by_expressions(step("reverse")),
    ("sliced", "__iter__"): _by_expressions(Slice(1, 3)),
    ("chunked", "iterator"): _combined(given(chunk_size=2)),
    ("narrow_queryset", "in_bulk"): (Known(_UNION, given([ONE])), Known(_DIFFERENCE, given())),
    ("narrow_queryset", "update"): (Known(_UNION, given(title="changed")),),
    ("deleted_queryset", "delete"): (Known(_DIFFERENCE),),
    ("searched", "contains"): (Known(_UNION, given(call("Post", pk=ONE))),),
    ("prefetch_related", "__iter__"): (
        Known(objects("Post", step("raw", EVERY_POST), *_BOTH)),
        Known(objects("Post", _AGAIN, step("prefetch_related", "tags", "comments", "reactions"), *_NUMBERED)),
        Known(objects("Post", step("prefetch_related", call("Prefetch", "tags", _ELSEWHERE), "comments"), *_NUMBERED)),
        Known(objects("Post", _AGAIN, step("raw", EVERY_POST), *_BOTH)),
    ),
    # The order of a combination stands in a subquery.
    ("combined", "count"): (
        Known(objects("Post", *_EVERY, step("union", objects("Post", *_EVERY)), *_NUMBERED, Slice(None, 2))),
    ),
    # From Django 5.2 on nothing is selected of what is counted.
    ("composed", "count"): (
        Known(
            objects(
                "Post",
                step("annotate", extra=call("Count", "comments")),
                step("values_list", "extra"),
                *order("pk"),
            )
        ),
    ),
    # Of this one every other form fails: it shows that there are rows to be given.
    ("behind_filtered_relation", "__iter__"): (
        Known(
            objects(
                "Post",
                step("annotate", fr=call("FilteredRelation", "comments", condition=q(comments__pk__gte=0))),
                step("annotate", extra=f("fr__author__username")),
                *order("pk", "fr__pk"),
            )
        ),
    ),
    # MariaDB 10.11 computes from another row where an ordered update is narrowed by a relation.
    ("drafts", "update"): (
        Known(
            objects("Draft", step("filter", Infix(q(title="a"), "|", q(title="a")), pages__text="a"), *order("pk")),
            given(priority=Infix(f("priority"), "+", 1)),
            _DRAFTS,
        ),
    ),
    ("parcels", "update"): (
        Known(
            objects("Parcel", step("filter", inside__name="a"), step("exclude", label="AB"), *order("pk")),
            given(name=call("Upper", "name"), pieces=None),
            _PARCELS,
        ),
    ),
    # A key of several columns: grouped by, aggregated over, excluded by, compared in an aggregate's condition.
    ("seat_groups", "count"): (
        Known(
            objects(
                "Seat", step("all"), step("values", "pk"), step("annotate", n=call("Count", "bookings")), *order("pk")
            ),
            rows=_seats((0, "a"), (1, "b")),
        ),
    ),
    ("seats_counted", "aggregate"): (
        Known(
            objects("Seat", step("all"), step("annotate", n=call("Count", "bookings")), *order("pk")),
            given(m=call("Count", "*")),
            rows=_seats((0, "a"), (1, "b")),
        ),
    ),
    ("specimens", "__iter__"): tuple(map(_asked, DOCUMENT_CONDITIONS.values())),
    # Not a batch at all.
    ("filtered", "bulk_update"): (
        Known(objects("Post", *_EVERY), given([call("Post", pk=key(0), title="changed")], ["title"], batch_size=0)),
    ),
    ("seats_excluded", "__iter__"): (_EXCLUDED,),
    ("seats_excluded", "delete"): (_EXCLUDED,),
    ("seats_sliced", "aggregate"): (
        Known(
            objects("Seat", step("all"), *order("pk"), Slice(None, 2)),
            given(n=call("Count", "pk", filter=q(pk__in=[FIRST, (TWO, 1)]))),
            rows=_seats(),
        ),
    ),
}


_KNOWN |= {
    (on, method): _owners(model, name, method) for (on, name, model), methods in _OTHERS.items() for method in methods
}


def known_calls(on: str, call: str) -> tuple[Known, ...]:
    """The calls of a method on a kind of target; most have none."""
    return _KNOWN.get((on, call), ())

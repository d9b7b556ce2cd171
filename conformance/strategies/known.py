"""Calls on which a verdict hangs and that few draws would make again: each run has them, whatever its seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from conformance.strategies.code import Arguments, Chain, Infix, Slice
from conformance.strategies.model_features.parts import ONE, TWO, objects, order
from conformance.strategies.model_features.rows import FeatureRows, key
from conformance.strategies.model_features.seats import FIRST, SECOND
from conformance.strategies.rows import Rows
from conformance.strategies.shapes import call, f, given, q, step


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
_NUMBERED = order("-views", "pk")
_EVERY = order()
# By the kind of target and the method.
_KNOWN: dict[tuple[str, str], tuple[Known, ...]] = {
    # Of an empty slice no row is asked for, and its columns are not named as they are referred to.
    ("queryset", "aggregate"): (
        Known(
            objects("Post", step("all"), Slice(2, 2)),
            given(total=Infix(call("Sum", "views", filter=q(views__lt=10)), "-", call("Count", "pk"))),
        ),
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


def known_calls(on: str, call: str) -> tuple[Known, ...]:
    """The calls of a method on a kind of target; most have none."""
    return _KNOWN.get((on, call), ())

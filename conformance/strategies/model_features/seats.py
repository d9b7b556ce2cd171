"""Querysets over seats, whose key has two columns, and over the bookings that refer to them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.strategies.code import Chain, Infix
from conformance.strategies.lookups import Condition
from conformance.strategies.model_features.parts import CUT, ONE, TWO, Steps, objects, order, plans
from conformance.strategies.shapes import call, f, step

# Keys of seats: the first two are always there, the last never.
FIRST, SECOND, THIRD, GONE = (ONE, 1), (ONE, 2), (TWO, 1), (ONE, 99)
NEW = (TWO, 77)


def seat(where: tuple[int, int]) -> Chain:
    """A seat as an instance, fetched."""
    return objects("Seat", step("get", pk=where))


def _priced(*steps: Any) -> Chain:
    return objects("Seat", step("filter", price__gte=1), *steps)


SEAT_CONDITIONS: tuple[Condition, ...] = (
    ("pk", FIRST),
    ("pk", GONE),
    ("pk", THIRD),
    ("pk__in", [FIRST, THIRD]),
    ("pk__in", [SECOND, GONE, SECOND]),
    ("pk__in", []),
    ("pk__in", (FIRST,)),
    *((f"pk__{lookup}", where) for lookup in ("gt", "gte", "lt", "lte") for where in (SECOND, THIRD)),
    ("pk__in", _priced()),
    ("pk__in", _priced(step("values", "pk"))),
    ("pk__in", _priced(step("values_list", "hall", "number"))),
    ("pk", (f("hall_id"), 2)),
    ("pk__in", [(f("hall_id"), f("number")), GONE]),
    ("pk__in", [(ONE, Infix(f("number"), "-", 0))]),
    ("hall", ONE),
    ("hall_id", TWO),
    ("hall__name", "a"),
    ("number__gte", 2),
    ("price", 5),
    ("price__isnull", True),
    ("price__lt", 7),
    ("label", "a"),
    ("label__contains", "b"),
)
SEAT_RELATED: tuple[Condition, ...] = (
    ("bookings__guest", "a"),
    ("bookings__isnull", True),
    ("bookings__isnull", False),
    ("bookings__in", objects("Booking", step("filter", guest__contains="a"))),
    ("hall__bookings__guest", "ab"),
)
BOOKING_CONDITIONS: tuple[Condition, ...] = (
    ("seat", seat(FIRST)),
    ("seat", call("Seat", pk=SECOND)),
    ("seat", FIRST),
    ("seat__in", [seat(FIRST), seat(SECOND)]),
    ("seat__in", [FIRST, GONE]),
    ("seat__in", []),
    ("seat__in", _priced()),
    ("seat__in", objects("Seat", step("filter", pk__in=[FIRST, THIRD]))),
    ("seat__pk", SECOND),
    ("seat__pk__in", [FIRST, THIRD]),
    ("seat__label", "a"),
    ("seat__price__gte", 5),
    ("seat__hall__name", "a"),
    ("guest", "a"),
    ("hall", ONE),
    ("number", 1),
)
_SEAT_ORDERS = (
    order("pk"),
    order("-pk"),
    order("price", "pk"),
    order("-number", "-hall"),
    order("hall__name", "-pk"),
)
_NUMBERED = step("annotate", n=call("Count", "bookings"))
_COUNTED: tuple[Steps, ...] = ((_NUMBERED,), (_NUMBERED, step("filter", n__gte=1)), (_NUMBERED, step("exclude", n=1)))
_SEAT_FORMS: tuple[Steps, ...] = (
    (),
    (),
    (step("annotate", twice=Infix(f("number"), "*", 2)),),
    (step("select_related", "hall"),),
    (step("prefetch_related", "bookings"),),
    (step("only", "label"),),
    (step("only", "pk", "price"),),
    (step("defer", "price", "number"),),
)
_SEAT_VALUES: tuple[Steps, ...] = (
    (step("values", "pk"),),
    (step("values", "pk", "label"),),
    (step("values", "hall", "number"),),
    (step("values"),),
    (step("values_list", "pk"),),
    (step("values_list", "pk", flat=True),),
    (step("values_list", "label", "pk"),),
    (step("values_list", "pk", "price", named=True),),
)
# What is ordered by is a column after the key's.
_ORDERED: tuple[Steps, ...] = tuple(
    (form, step("order_by", f"{sign}{name}", "pk"))
    for name in ("hall__name", "label")
    for sign in ("", "-")
    for form in (step("values", "pk", name), step("values_list", "pk", name), step("values_list", name, "pk"))
)
_GROUPED: tuple[Steps, ...] = (
    (step("values", "hall", "number"), _NUMBERED),
    (step("values", "pk"), _NUMBERED),
    (_NUMBERED, step("values_list", "pk", "n")),
    (_NUMBERED, step("values", "n", "pk")),
)
_BOOKING_VALUES: tuple[Steps, ...] = (
    (step("values", "seat"),),
    (step("values_list", "seat", flat=True),),
    (step("values_list", "guest", "seat", named=True),),
    (step("values", "seat__pk"),),
    (step("values_list", "seat__pk", "guest"),),
    (step("values", "pk", "seat__label"),),
)
_BOOKING_FORMS: tuple[Steps, ...] = ((), (step("select_related", "seat"),), (step("prefetch_related", "seat__hall"),))


def seat_plans(*, cut: bool = True) -> st.SearchStrategy[Chain]:
    """Seats as instances."""
    return plans("Seat", SEAT_CONDITIONS, _SEAT_FORMS, _SEAT_ORDERS, CUT if cut else ((),), wider=SEAT_RELATED)


def sliced_seats() -> st.SearchStrategy[Chain]:
    """A part of the seats."""
    return plans("Seat", SEAT_CONDITIONS, _SEAT_FORMS, _SEAT_ORDERS, CUT[2:])


def counted_seats() -> st.SearchStrategy[Chain]:
    """Seats with how often each is booked."""
    return plans("Seat", SEAT_CONDITIONS, _COUNTED, _SEAT_ORDERS, CUT)


def excluded_seats() -> st.SearchStrategy[Chain]:
    """Seats without those that many rows refer to in some way."""
    excluded = tuple((step("exclude", **dict([each])),) for each in SEAT_RELATED)
    return plans("Seat", SEAT_CONDITIONS[:8], excluded, _SEAT_ORDERS)


def narrow_seats() -> st.SearchStrategy[Chain]:
    """Seats as what may be changed and deleted."""
    return plans("Seat", SEAT_CONDITIONS, (order("pk"),), wider=(*SEAT_RELATED[:1], *SEAT_RELATED[2:3]))


def seat_values(*, cut: bool = True) -> st.SearchStrategy[Chain]:
    """Seats as values, with their keys."""
    return plans("Seat", SEAT_CONDITIONS, _SEAT_VALUES, _SEAT_ORDERS, CUT if cut else ((),))


def ordered_seats() -> st.SearchStrategy[Chain]:
    """Seats as values with their keys, ordered by one of the values."""
    return plans("Seat", SEAT_CONDITIONS[:8], _ORDERED, CUT)


def seat_groups() -> st.SearchStrategy[Chain]:
    """Seats as values of groups of one each."""
    return plans("Seat", SEAT_CONDITIONS, _GROUPED, _SEAT_ORDERS, CUT)


def grouped_seats() -> st.SearchStrategy[Chain]:
    """Seats as groups of one each, without an order."""
    return plans("Seat", SEAT_CONDITIONS, (*_GROUPED[:2], _COUNTED[0], ()))


def booking_plans() -> st.SearchStrategy[Chain]:
    """What refers to seats, as instances."""
    return plans(
        "Booking",
        BOOKING_CONDITIONS,
        _BOOKING_FORMS,
        (order("pk"), order("seat", "-pk"), order("-seat__price", "pk")),
        CUT,
    )


def booking_values() -> st.SearchStrategy[Chain]:
    """The same as values, with the keys that they refer to."""
    return plans("Booking", BOOKING_CONDITIONS, _BOOKING_VALUES, (order("pk"), order("-pk")), CUT)

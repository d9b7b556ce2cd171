"""Instances of seats and bookings, and what their methods are given."""

from __future__ import annotations

from conformance.strategies.code import Infix, Inverted
from conformance.strategies.model_features.parts import ONE, SAVING, TWO, Drawn, changes, made, objects
from conformance.strategies.model_features.rows import key
from conformance.strategies.model_features.seats import FIRST, GONE, NEW, SECOND, THIRD, seat
from conformance.strategies.rows import FIRST_KEY
from conformance.strategies.shapes import call, f, given, one_of, q, step

NEW_SEATS = made(
    "Seat",
    {"pk": NEW, "label": "new"},
    {"hall_id": ONE, "number": 88, "label": "new", "price": 5},
    {"hall": objects("Hall", step("get", pk=TWO)), "number": 89},
    {"pk": FIRST, "label": "taken"},
    {"pk": SECOND, "price": 9},
    {"number": 5, "label": "no hall"},
    {"hall_id": ONE, "label": "no number"},
    {"pk": (FIRST_KEY + 90, 1), "label": "nowhere"},
)
SEAT_CHANGES = changes(
    {"label": "changed", "price": 9},
    {"price": Infix(f("price"), "+", 1)},
    {"number": 66, "label": "moved"},
    {"pk": NEW},
    {"pk": THIRD, "label": "over another"},
    {"label": call("Upper", "label")},
    {"price": None},
    {},
)
BOOKING_CHANGES = changes(
    {"seat": seat(SECOND)}, {"seat": seat(FIRST), "guest": "changed"}, {"number": 2}, {"guest": "changed"}
)
_ELSE = {"label": "changed", "price": 3}
_SEATS = [
    call("Seat", pk=NEW, label="s1"),
    call("Seat", hall_id=ONE, number=71, price=5),
    call("Seat", pk=(TWO, 72), label="s3", price=0),
]
_SEAT_OVER = {"update_conflicts": True, "update_fields": ["label"]}
SEATS: dict[str, Drawn] = {
    "seats_got": one_of(
        given(pk=FIRST),
        given(pk=GONE),
        given(hall=ONE, number=2),
        given(hall_id=ONE, number=1),
        given(q(pk=SECOND), label__contains=""),
        given(Infix(q(pk=FIRST), "|", q(pk=GONE))),
        given(Inverted(q(pk__in=[FIRST, SECOND, THIRD]))),
        given(pk__in=[SECOND, GONE]),
        given(pk__lte=FIRST),
        given(number__gte=1),
        given(pk=(ONE,)),
        given(pk=ONE),
        given(pk=(f("hall_id"), 99)),
        given(hall__name="a", number=2),
    ),
    "seats_in_bulk": one_of(
        given(),
        given([FIRST, THIRD]),
        given([SECOND, GONE, SECOND]),
        given(id_list={FIRST}),
        given([]),
        given([FIRST], field_name="pk"),
        given([ONE], field_name="hall"),
        given([1], field_name="number"),
        given([(TWO, number) for number in range(1, 4)]),
    ),
    "seats_contained": one_of(
        given(seat(FIRST)),
        given(call("Seat", pk=SECOND)),
        given(call("Seat", pk=GONE)),
        given(call("Seat", number=1)),
        given(objects("Hall", step("get", pk=ONE))),
        given(FIRST),
        given(obj=call("Seat", pk=THIRD)),
    ),
    "seats_ordered": one_of(given("pk"), given("-pk"), given("number", "-hall"), given(), given("price", "pk")),
    "seats_aggregated": one_of(
        given(call("Count", "pk")),
        given(n=call("Count", "pk"), most=call("Max", "number")),
        given(n=call("Count", "pk", distinct=True)),
        given(n=call("Count", "*"), total=call("Sum", "price")),
        given(n=call("Count", "pk", filter=q(price__gte=1))),
        given(n=call("Count", "bookings")),
        given(n=call("Count", "bookings", distinct=True), m=call("Count", "pk", distinct=True)),
        given(low=call("Min", "price"), n=call("Count", "price")),
        given(n=call("Max", "pk")),
        given(n=call("Count", "pk", filter=q(pk__in=[FIRST, THIRD]))),
    ),
    "seats_aggregated_again": one_of(
        given(total=call("Sum", "n")), given(most=call("Max", "n"), m=call("Count", "pk")), given(m=call("Count", "*"))
    ),
    "seats_created": one_of(
        given(pk=NEW, label="new"),
        given(hall_id=ONE, number=88, price=5),
        given(hall=objects("Hall", step("get", pk=TWO)), number=89, label="of an instance"),
        given(pk=FIRST, label="taken"),
        given(hall_id=ONE, number=2),
        given(number=4),
        given(hall_id=ONE),
        given(pk=NEW, nonsense=1),
    ),
    "seats_or_created": one_of(
        given(pk=FIRST, defaults=_ELSE),
        given(pk=NEW, defaults=_ELSE),
        given(hall_id=ONE, number=2, defaults=_ELSE),
        given(hall_id=TWO, number=44, defaults={"price": 1}),
        given(pk=SECOND, defaults={"price": Infix(f("price"), "+", 1)}),
        given(number__gte=1, defaults=_ELSE),
        given(label="no such", defaults={"pk": NEW}),
        given(pk__in=[SECOND], defaults=_ELSE),
    ),
    "seats_numbered": one_of(
        given(number=88, label="new"),
        given(number=89, price=5),
        given(label="no number"),
        given(number=1),
        given(number=2),
    ),
    "seats_numbered_or": one_of(
        given(number=88, defaults=_ELSE),
        given(number=1, defaults=_ELSE),
        given(label="no such", defaults={"number": 4}),
    ),
    "seats_updated": one_of(
        given(label="changed"),
        given(price=Infix(f("price"), "+", 1)),
        given(number=Infix(f("number"), "+", 10)),
        given(price=None, label="b"),
        given(label=call("Upper", "label")),
    ),
    "seats_bulk_created": one_of(
        given([*_SEATS]),
        given([*_SEATS], batch_size=2),
        given([_SEATS[1]], batch_size=1),
        given([_SEATS[0], call("Seat", pk=FIRST, label="taken")]),
        given([_SEATS[0], call("Seat", pk=FIRST, label="taken")], ignore_conflicts=True),
        given([_SEATS[2], call("Seat", pk=SECOND, label="taken")], unique_fields=["hall", "number"], **_SEAT_OVER),
        given([_SEATS[2], call("Seat", pk=SECOND, label="taken")], unique_fields=["pk"], **_SEAT_OVER),
        given([call("Seat", number=3)]),
    ),
    "seats_bulk_updated": one_of(
        given([call("Seat", pk=FIRST, label="x"), call("Seat", pk=SECOND, label="y")], ["label"]),
        given([call("Seat", pk=FIRST, price=8), call("Seat", pk=THIRD, price=9)], ["price", "label"], batch_size=1),
        given([call("Seat", pk=SECOND, price=Infix(f("price"), "+", 1))], ["price"]),
        given([call("Seat", pk=GONE, label="gone"), call("Seat", pk=FIRST, label="there")], ["label"]),
        given([call("Seat", number=1)], ["label"]),
        given([call("Seat", pk=FIRST)], ["number"]),
        given([call("Seat", pk=FIRST, label="")], ["label"]),
    ),
    "bookings_created": one_of(
        given(seat=seat(FIRST), guest="new"),
        given(seat=call("Seat", pk=SECOND)),
        given(hall_id=ONE, number=2, guest="by columns"),
        given(guest="no seat"),
    ),
    "bookings_of_created": one_of(given(guest="new"), given(), given(guest="new", nonsense=1), given(pk=key(60))),
    "bookings_or_created": one_of(
        given(seat=seat(FIRST), guest="nobody", defaults={"guest": "new"}),
        given(seat=seat(SECOND), guest="nobody"),
        given(pk=ONE, defaults={"guest": "changed", "seat": seat(FIRST)}),
        given(guest="a", defaults={"guest": "several"}),
    ),
    "seats_saving": one_of(
        *SAVING,
        given(update_fields=["label"]),
        given(update_fields=("price", "label")),
        given(update_fields=["number"]),
        given(update_fields=["pk"]),
        given(),
    ),
    "bookings_saving": one_of(given(), given(update_fields=["guest"]), given(update_fields=["number", "hall"])),
    "seats_refreshing": one_of(
        given(), given(fields=["label"]), given(fields=["price", "hall"]), given(fields=["nonsense"]), given(fields=[])
    ),
}

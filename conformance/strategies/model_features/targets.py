"""What methods are called on of the models of `sample_app.model_features`, by kind."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.strategies.code import Attribute, Chain, Name, Step
from conformance.strategies.lookups import Condition
from conformance.strategies.model_features import drafts, parcels, parts, seat_arguments, seats
from conformance.strategies.model_features.parts import fetched, simple_plans
from conformance.strategies.model_features.rows import feature_rows, key
from conformance.strategies.model_features.seats import FIRST, SECOND
from conformance.strategies.shapes import call, step
from conformance.strategies.targets import TargetKind

_KEYS = (key(0), key(1))
_SHELF_CONDITIONS: tuple[Condition, ...] = (("name", "a"), ("pk", key(1)), ("name__contains", "b"), ("pk__gt", key(0)))


def _kind(rows: str, model: str, targets: st.SearchStrategy[object], **options: object) -> TargetKind:
    return TargetKind(feature_rows(rows), targets, needs=model, **options)  # type: ignore[arg-type]


def _manager(rows: str, model: str) -> TargetKind:
    return _kind(rows, model, st.just(Name(f"{model}.objects")))


def _related(model: str, name: str, *keys: object) -> st.SearchStrategy[Chain]:
    return fetched(model, *keys).map(lambda owner: owner.then(Attribute(name)))


def _in_part(model: str, *fields: str) -> st.SearchStrategy[Chain]:
    """Instances of which some fields are not loaded."""
    parts: tuple[Step, ...] = (step("only", *fields), step("defer", *fields))
    return st.one_of(*(fetched(model, *_KEYS, steps=(part,)) for part in parts))


# A model of Django 6.1, for what `in_bulk` does since then.
_NEWEST = "Shelf"
_SEATS = {"rows": "seats", "model": "Seat"}
_BOOKINGS = {"rows": "seats", "model": "Booking"}
_PARCELS = {"rows": "parcels", "model": "Parcel"}
_DRAFTS = {"rows": "drafts", "model": "Draft"}
_MEASURES = {"rows": "measures", "model": "Measure"}
FEATURE_TARGETS: dict[str, TargetKind] = {
    "seats": _kind(**_SEATS, targets=seats.seat_plans(), answers=True),
    "seats_any": _kind(**_SEATS, targets=seats.seat_plans()),
    "seats_any_uncut": _kind(**_SEATS, targets=seats.seat_plans(cut=False)),
    "seats_sliced": _kind(**_SEATS, targets=seats.sliced_seats()),
    "seats_uncut": _kind(**_SEATS, targets=seats.seat_plans(cut=False), answers=True),
    "seats_counted": _kind(**_SEATS, targets=seats.counted_seats(), answers=True),
    "seats_excluded": _kind(**_SEATS, targets=seats.excluded_seats(), answers=True),
    "seat_values_uncut": _kind(rows="seats", model=_NEWEST, targets=seats.seat_values(cut=False)),
    "seats_ordered": _kind(**_SEATS, targets=seats.ordered_seats(), answers=True),
    "seat_groups": _kind(**_SEATS, targets=seats.seat_groups(), answers=True),
    "seats_narrow": _kind(**_SEATS, targets=seats.narrow_seats()),
    "seat_values": _kind(**_SEATS, targets=seats.seat_values(), answers=True),
    "seats_grouped": _kind(**_SEATS, targets=seats.grouped_seats(), answers=True),
    "seat_manager": _manager("seats", "Seat"),
    "seat_of_hall": _kind(**_SEATS, targets=_related("Hall", "seats", *_KEYS)),
    "seat_instance": _kind(**_SEATS, targets=fetched("Seat", FIRST, SECOND)),
    "seat_changed": _kind(**_SEATS, targets=fetched("Seat", FIRST, SECOND), changes=seat_arguments.SEAT_CHANGES),
    "seat_new": _kind(**_SEATS, targets=seat_arguments.NEW_SEATS),
    "hall_instance": _kind(**_SEATS, targets=fetched("Hall", *_KEYS)),
    "bookings": _kind(**_BOOKINGS, targets=seats.booking_plans(), answers=True),
    "booking_values": _kind(**_BOOKINGS, targets=seats.booking_values(), answers=True),
    "booking_manager": _manager("seats", "Booking"),
    "booking_of_seat": _kind(**_BOOKINGS, targets=_related("Seat", "bookings", FIRST, SECOND)),
    "booking_changed": _kind(
        **_BOOKINGS,
        targets=st.just(Chain(Name("Booking"))).map(lambda _: call("Booking", pk=key(60), hall_id=key(0), number=1)),
        changes=seat_arguments.BOOKING_CHANGES,
    ),
    "parcels": _kind(**_PARCELS, targets=parcels.parcel_plans()),
    "parcels_excluded": _kind(**_PARCELS, targets=parcels.excluded_parcels()),
    "parcel_manager": _manager("parcels", "Parcel"),
    "parcel_of_crate": _kind(**_PARCELS, targets=_related("Crate", "contents", *_KEYS)),
    "parcel_new": _kind(**_PARCELS, targets=parcels.NEW_PARCELS),
    "parcel_changed": _kind(**_PARCELS, targets=fetched("Parcel", *_KEYS), changes=parcels.PARCEL_CHANGES),
    "parcel_part": _kind(
        **_PARCELS,
        targets=_in_part("Parcel", "name", "total"),
        changes=parts.changes({"name": "changed"}, {"name": "x"}, {}),
    ),
    "measures": _kind(**_MEASURES, targets=simple_plans("Measure", *parcels.MEASURE_CONDITIONS)),
    "measure_manager": _manager("measures", "Measure"),
    "measure_new": _kind(**_MEASURES, targets=parcels.NEW_MEASURES),
    "measure_changed": _kind(**_MEASURES, targets=fetched("Measure", *_KEYS), changes=parcels.MEASURE_CHANGES),
    "drafts": _kind(**_DRAFTS, targets=simple_plans("Draft", *drafts.DRAFT_CONDITIONS)),
    "draft_values": _kind(rows="drafts", model=_NEWEST, targets=drafts.draft_values()),
    "draft_values_computed": _kind(rows="drafts", model=_NEWEST, targets=drafts.draft_values(computed=True)),
    "draft_manager": _manager("drafts", "Draft"),
    "draft_new": _kind(**_DRAFTS, targets=drafts.NEW_DRAFTS),
    "draft_changed": _kind(**_DRAFTS, targets=fetched("Draft", *_KEYS), changes=drafts.DRAFT_CHANGES),
    "pages_of_draft": _kind(rows="drafts", model="Page", targets=_related("Draft", "pages", *_KEYS)),
    "shelves": _kind(rows="shelves", model="Shelf", targets=simple_plans("Shelf", *_SHELF_CONDITIONS)),
    "shelf_instance": _kind(rows="shelves", model="Shelf", targets=fetched("Shelf", *_KEYS)),
    "volumes": _kind(rows="shelves", model="Volume", targets=simple_plans("Volume", ("shelf", key(1)), ("name", "a"))),
    "shelf_instance_with_stickers": _kind(rows="stickers", model="Sticker", targets=fetched("Shelf", key(1))),
    "shelves_with_stickers": _kind(
        rows="stickers",
        model="Sticker",
        targets=simple_plans("Shelf", ("name", "a"), ("pk", key(1))).map(
            lambda each: each.then(step("exclude", pk=key(0)))
        ),
    ),
}

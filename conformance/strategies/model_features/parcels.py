"""Parcels and measures, of which the database computes columns: querysets, instances and arguments."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from conformance.strategies.code import Chain, Infix, Name
from conformance.strategies.lookups import Condition
from conformance.strategies.model_features.parts import (
    ONE,
    SAVING,
    TWO,
    Drawn,
    changes,
    made,
    objects,
    order,
    plans,
    simple_plans,
)
from conformance.strategies.model_features.rows import key
from conformance.strategies.shapes import call, f, given, one_of, step

PARCEL_CHANGES = changes(
    {"name": "changed", "pieces": 2},
    {"weight": Decimal("3.25")},
    {"pieces": Infix(f("pieces"), "+", 1)},
    {"name": call("Upper", "name")},
    {"inside_id": ONE},
    {"inside": objects("Crate", step("get", pk=TWO)), "pieces": None},
    {"weight": Infix(f("weight"), "*", 2), "name": "doubled"},
    {"pieces": None, "weight": Decimal("0.10")},
    {},
)
NEW_PARCELS = made(
    "Parcel",
    {"name": "new", "pieces": 2},
    {"name": "new", "weight": Decimal("2.25"), "pieces": 3, "inside_id": ONE},
    {"pk": key(60), "name": "chosen key", "pieces": 1},
    {"pk": ONE, "name": "taken", "pieces": 4},
    {"name": "within", "inside": objects("Crate", step("get", pk=ONE))},
    {"name": call("Upper", call("Value", "shouted")), "pieces": 1},
    {},
)
MEASURE_CHANGES = changes({"amount": 9}, {"name": "changed"}, {"amount": Infix(f("amount"), "+", 1)}, {})
NEW_MEASURES = made(
    "Measure",
    {"name": "new"},
    {"name": "new", "amount": 4},
    {"pk": key(60), "name": "chosen"},
    {"pk": ONE, "name": "taken"},
)
# Of what may be NULL.
TOTAL_CONDITIONS: tuple[Condition, ...] = (
    ("total__gte", Decimal("1.50")),
    ("total", Decimal("4.50")),
    ("total__lt", 100),
)
PARCEL_CONDITIONS: tuple[Condition, ...] = (
    ("total__isnull", True),
    ("label", "AB"),
    ("label__contains", "A"),
    ("name", "a"),
    ("inside__name", "a"),
    ("pieces__gt", 0),
    ("inside__isnull", True),
)
MEASURE_CONDITIONS: tuple[Condition, ...] = (("twice__gte", 0), ("label", "a!"), ("twice", 2), ("amount__lt", 2))


def parcel_plans() -> st.SearchStrategy[Chain]:
    """Parcels, also by a computed column that may be NULL."""
    wanted = [(step("filter", **dict([each])), step("order_by", "pk")) for each in TOTAL_CONDITIONS]
    return simple_plans("Parcel", *PARCEL_CONDITIONS) | st.sampled_from(
        [Chain(Name("Parcel.objects"), steps) for steps in wanted]
    )


def excluded_parcels() -> st.SearchStrategy[Chain]:
    """Parcels without those that a computed column, which may be NULL, says."""
    left_out = tuple((step("exclude", **dict([each])),) for each in TOTAL_CONDITIONS)
    return plans("Parcel", PARCEL_CONDITIONS, left_out, (order("pk"), order("-pk")))


_PARCELS = [
    call("Parcel", name="p1", pieces=1),
    call("Parcel", name="p2", weight=Decimal("2.25")),
    call("Parcel", name="p3", pieces=0, inside_id=ONE),
    call("Parcel", pk=key(61), name="p4", pieces=2),
]
PARCELS: dict[str, Drawn] = {
    "parcels_saving": one_of(
        *SAVING,
        given(),
        given(update_fields=["name"]),
        given(update_fields=["pieces", "name"]),
        given(update_fields=["inside"]),
        given(update_fields=["total"]),
        given(update_fields=["weight"]),
    ),
    "parcels_created": one_of(
        given(name="new", pieces=2),
        given(name="new", weight=Decimal("2.25"), pieces=3, inside_id=ONE),
        given(pk=key(60), name="chosen key", pieces=1),
        given(pk=ONE, name="a key that is taken"),
        given(inside=objects("Crate", step("get", pk=TWO)), name="within"),
        given(name=call("Upper", call("Value", "shouted")), pieces=1),
        given(),
        given(nonsense=1),
    ),
    "parcels_within": one_of(
        given(name="new", pieces=2),
        given(name="new", weight=Decimal("2.25")),
        given(pk=key(60), name="chosen"),
        given(),
    ),
    "parcels_or_created": one_of(
        given(pk=ONE, defaults={"pieces": 3}),
        given(name="new", defaults={"pieces": 3, "weight": Decimal("0.10")}),
        given(label="AB", name="ab", defaults={"pieces": 1}),
        given(total__gte=Decimal(9999), defaults={"name": "by what is computed", "pieces": 1}),
        given(pk=TWO, defaults={"name": "changed", "weight": Decimal("2.25")}),
        given(pk=ONE, defaults={"pieces": Infix(f("pieces"), "+", 1)}),
        given(pk=key(60), defaults={"name": "chosen", "pieces": 2}),
        given(pk=ONE, defaults={}),
    ),
    "parcels_bulk_created": one_of(
        given([*_PARCELS]),
        given([*_PARCELS[:3]]),
        given([*_PARCELS], batch_size=2),
        given([_PARCELS[3]]),
        given([_PARCELS[0], call("Parcel", pk=ONE, name="taken", pieces=9)], ignore_conflicts=True),
        given(
            [call("Parcel", pk=key(62), name="p5"), call("Parcel", pk=ONE, name="taken", pieces=9)],
            update_conflicts=True,
            update_fields=["name", "pieces"],
            unique_fields=["id"],
        ),
        given(
            [call("Parcel", pk=TWO, name="taken", pieces=9)],
            update_conflicts=True,
            update_fields=["pieces"],
            unique_fields=["pk"],
        ),
    ),
    "parcels_bulk_updated": one_of(
        given([call("Parcel", pk=ONE, pieces=5), call("Parcel", pk=TWO, pieces=None)], ["pieces"]),
        given([call("Parcel", pk=ONE, name="x", weight=Decimal("0.10"))], ["name", "weight"], batch_size=1),
        given([call("Parcel", pk=ONE, pieces=Infix(f("pieces"), "+", 1))], ["pieces"]),
        given([call("Parcel", pk=ONE, pieces=6), call("Parcel", pk=TWO, pieces=7)], ["pieces"], batch_size=1),
        given([call("Parcel", pk=TWO, inside_id=ONE)], ["inside"]),
    ),
    "parcels_updated": one_of(
        given(pieces=2),
        given(weight=Infix(f("weight"), "*", 2)),
        given(name=call("Upper", "name"), pieces=None),
        given(name="x", weight=Decimal("3.25")),
    ),
    "parcels_refreshing": one_of(
        given(),
        given(fields=["total"]),
        given(fields=["label", "name"]),
        given(fields=["inside"]),
        given(fields=["pieces"]),
    ),
    "measures_saving": one_of(*SAVING, given(), given(update_fields=["amount"]), given(update_fields=["name"])),
    "measures_created": one_of(
        given(name="new"),
        given(name="new", amount=4),
        given(pk=key(60), name="chosen"),
        given(name="a"),
        given(pk=ONE),
    ),
    "measures_or_created": one_of(
        given(pk=ONE, defaults={"amount": 9}),
        given(name="new", defaults={"amount": 9}),
        given(label="a!", defaults={"name": "new"}),
        given(twice=99, defaults={"name": "new"}),
    ),
    "measures_bulk_created": one_of(
        given([call("Measure", name="m1"), call("Measure", name="m2", amount=4)]),
        given([call("Measure", name="m1"), call("Measure", name="m2", amount=4)], batch_size=1),
        given([call("Measure", name="m1"), call("Measure", pk=key(61), name="m2", amount=4)], batch_size=1),
        given(
            [call("Measure", name="m1"), call("Measure", name="a", amount=7)],
            update_conflicts=True,
            update_fields=["amount"],
            unique_fields=["name"],
        ),
    ),
}

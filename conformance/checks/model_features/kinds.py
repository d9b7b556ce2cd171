"""The models of `sample_app.model_features` as plain data: their columns, and what a database does about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from conformance.strategies.rows import FIRST_KEY
from conformance.strategies.values import LAST_GENERATED_YEAR

Row = dict[str, Any]
# After every generated moment, as the database's clock is.
NOW = datetime(LAST_GENERATED_YEAR + 1, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Reference:
    """To a row of `model` whose columns `there` have the values of `here`; `then` is done where that is deleted.

    `by_database` says that Django knows nothing of what is done. `back` is the name on the other side.
    """

    name: str
    model: str
    here: tuple[str, ...]
    there: tuple[str, ...]
    back: str
    then: str = "cascade"
    by_database: bool = False


@dataclass(frozen=True)
class Computed:
    """A column that is computed of others."""

    name: str
    of: tuple[str, ...]
    value: Callable[[Row], Any]


@dataclass(frozen=True)
class Kind:
    """Fields by name, in order; `empty` is what an instance has that was not given one, `stored` what the database has.

    Names in `refers` lead to rows, and an instance calls their columns by another name.
    """

    name: str
    fields: tuple[str, ...]
    key: tuple[str, ...] = ("id",)
    refers: tuple[Reference, ...] = ()
    computed: tuple[Computed, ...] = ()
    empty: tuple[tuple[str, Any], ...] = ()
    stored: tuple[tuple[str, Any], ...] = ()
    nullable: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Django's label."""
        return f"sample_app.{self.name}"

    @property
    def keys(self) -> frozenset[str]:
        """Fields of one column that refer to a row."""
        return frozenset(each.name for each in self.refers if len(each.here) == 1)

    def attribute(self, field: str) -> str:
        """What an instance calls the field's value."""
        return f"{field}_id" if field in self.keys else field

    def field(self, name: str) -> str | None:
        """The field that is called so, or whose column is."""
        if name == "pk" and len(self.key) == 1:
            return self.key[0]
        bare = name.removesuffix("_id")
        return name if name in self.fields else bare if bare != name and bare in self.keys else None

    def reference(self, name: str) -> Reference | None:
        """What the name refers to, of this model's own columns."""
        return next((each for each in self.refers if each.name == name), None)

    @property
    def returned(self) -> frozenset[str]:
        """What the database says to an instance that is inserted."""
        return frozenset((*(each.name for each in self.computed), *dict(self.stored), *_ids(self)))


def _ids(kind: Kind) -> tuple[str, ...]:
    return kind.key if kind.key == ("id",) else ()


def _one(name: str, model: str, back: str, then: str = "cascade", *, by_database: bool = False) -> Reference:
    return Reference(name, model, (name,), ("id",), back, then, by_database)


def _total(row: Row) -> Any:
    pieces = row["pieces"]
    return None if pieces is None else (row["weight"] * pieces).quantize(Decimal("0.01"))


_BY_SEAT = Reference("seat", "Seat", ("hall", "number"), ("hall", "number"), "bookings")
KINDS = {
    kind.name: kind
    for kind in (
        Kind("Crate", ("id", "name"), empty=(("name", ""),)),
        Kind(
            "Parcel",
            ("id", "name", "weight", "pieces", "inside", "total", "label"),
            refers=(_one("inside", "Crate", "contents", "null"),),
            computed=(
                Computed("total", ("weight", "pieces"), _total),
                Computed("label", ("name",), lambda row: row["name"].upper()),
            ),
            empty=(("name", ""), ("weight", Decimal("1.50"))),
            nullable=("pieces", "inside"),
        ),
        Kind(
            "Measure",
            ("id", "name", "amount", "twice", "label"),
            computed=(
                Computed("twice", ("amount",), lambda row: row["amount"] * 2),
                Computed("label", ("name",), lambda row: row["name"] + "!"),
            ),
            empty=(("name", ""), ("amount", 0)),
            unique=("name",),
        ),
        Kind(
            "Draft",
            ("id", "slug", "title", "status", "priority", "made_at"),
            empty=(("slug", ""),),
            stored=(("title", "untitled"), ("status", "new"), ("priority", 3), ("made_at", NOW)),
            nullable=("priority",),
            unique=("slug",),
        ),
        Kind(
            "Page",
            ("id", "draft", "text", "number"),
            refers=(_one("draft", "Draft", "pages"),),
            empty=(("number", 1),),
            stored=(("text", "empty"),),
        ),
        Kind("Hall", ("id", "name"), empty=(("name", ""),)),
        Kind(
            "Seat",
            ("hall", "number", "label", "price"),
            key=("hall", "number"),
            refers=(_one("hall", "Hall", "seats"),),
            empty=(("label", ""),),
            nullable=("price",),
        ),
        Kind(
            "Booking",
            ("id", "hall", "number", "guest"),
            refers=(_BY_SEAT, _one("hall", "Hall", "bookings")),
            empty=(("guest", ""),),
        ),
        Kind("Shelf", ("id", "name"), empty=(("name", ""),)),
        Kind("Volume", ("id", "shelf", "name"), refers=(_one("shelf", "Shelf", "volumes", by_database=True),)),
        Kind("Bookmark", ("id", "volume", "leaf"), refers=(_one("volume", "Volume", "bookmarks", by_database=True),)),
        Kind(
            "Loan",
            ("id", "shelf", "name"),
            refers=(_one("shelf", "Shelf", "loans", "null", by_database=True),),
            nullable=("shelf",),
        ),
        Kind(
            "Sticker",
            ("id", "shelf", "name"),
            refers=(_one("shelf", "Shelf", "stickers", "default", by_database=True),),
            stored=(("shelf", FIRST_KEY),),
        ),
    )
}

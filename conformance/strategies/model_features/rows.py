"""Rows of the models of `sample_app.model_features`, beside those that are always there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from hypothesis import strategies as st

from conformance.strategies.code import Pairs, find
from conformance.strategies.rows import FIRST_KEY, Rows

Table = tuple[str, tuple[Pairs, ...]]
# So many databases of each kind, made once: drawing one is drawing its number.
_DATABASES = 400
NAMES = ("", "a", "b", "ab", "long name")
PRICES = (None, 0, 5, 7)
WEIGHTS = tuple(map(Decimal, ("0.10", "1.50", "2.25", "100.00")))
_MADE = datetime(2001, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class FeatureRows(Rows):
    """`tables` are models' names with their rows, each after those that it refers to."""

    tables: tuple[Table, ...] = ()

    def more(self) -> Iterable[tuple[type[Any], list[dict[str, Any]]]]:
        """The rows of those tables."""
        return tuple((find(name), [dict(row) for row in rows]) for name, rows in self.tables)


def key(position: int) -> int:
    """The key of the row at that position."""
    return FIRST_KEY + position


def _row(**values: Any) -> Pairs:
    return tuple(values.items())


def _some(random: Random, most: int, least: int = 0) -> range:
    return range(random.randint(least, most))


def _parcels(random: Random) -> tuple[Table, ...]:
    rows = [
        _row(
            id=key(at),
            name=random.choice(NAMES),
            weight=random.choice(WEIGHTS),
            pieces=random.choice((None, 0, 1, 3)),
            inside=random.choice((None, key(0), key(1))),
        )
        for at in _some(random, 4, 2)
    ]
    crates = tuple(_row(id=key(at), name=NAMES[at + 1]) for at in range(2))
    return (("Crate", crates), ("Parcel", tuple(rows)))


def _measures(random: Random) -> tuple[Table, ...]:
    rows = [_row(id=key(at), name=NAMES[at], amount=random.randint(-2, 3)) for at in _some(random, 4, 2)]
    return (("Measure", tuple(rows)),)


def _drafts(random: Random) -> tuple[Table, ...]:
    drafts = [
        _row(
            id=key(at),
            slug=NAMES[at],
            title=random.choice(NAMES),
            status=random.choice(("new", "old")),
            priority=random.choice((None, 1, 3)),
            made_at=_MADE,
        )
        for at in _some(random, 4, 2)
    ]
    pages = [
        _row(
            id=key(at), draft=key(random.randrange(len(drafts))), text=random.choice(NAMES), number=random.randint(0, 3)
        )
        for at in _some(random, 4)
    ]
    return (("Draft", tuple(drafts)), ("Page", tuple(pages)))


HALLS, NUMBERS = 2, 3


def _seats(random: Random) -> tuple[Table, ...]:
    halls = [_row(id=key(at), name=NAMES[at + 1]) for at in range(HALLS)]
    places = [(hall, number) for hall in range(HALLS) for number in range(1, NUMBERS + 1)]
    # The first two are always there: what is fetched by its key is.
    taken = [*places[:2], *random.sample(places[2:], random.randint(0, 3))]
    seats = [
        _row(hall=key(hall), number=number, label=random.choice(NAMES), price=random.choice(PRICES))
        for hall, number in sorted(taken)
    ]
    chosen = [random.choice(taken) for _ in _some(random, 4)]
    bookings = [
        _row(id=key(at), hall=key(hall), number=number, guest=random.choice(NAMES))
        for at, (hall, number) in enumerate(chosen)
    ]
    return (("Hall", tuple(halls)), ("Seat", tuple(seats)), ("Booking", tuple(bookings)))


def _shelves(random: Random, *, stickers: bool = False) -> tuple[Table, ...]:
    # The first is the one that a default names: where that is deleted, nothing could be set.
    count = random.randint(2, 4)
    shelves = [_row(id=key(at), name=random.choice(NAMES)) for at in range(count)]

    def standing(**more: Callable[[int], Any]) -> tuple[Pairs, ...]:
        return tuple(
            _row(
                id=key(at),
                shelf=key(random.randrange(count)),
                name=random.choice(NAMES),
                **{name: value(at) for name, value in more.items()},
            )
            for at in _some(random, 4)
        )

    volumes = standing()
    bookmarks = tuple(
        _row(id=key(at), volume=key(random.randrange(len(volumes))), leaf=at)
        for at in (_some(random, 3) if volumes else ())
    )
    found: tuple[Table, ...] = (("Shelf", tuple(shelves)), ("Volume", volumes), ("Bookmark", bookmarks))
    return (*found, ("Loan", standing()), *((("Sticker", standing()),) if stickers else ()))


_MADE_BY: dict[str, Callable[[Random], tuple[Table, ...]]] = {
    "parcels": _parcels,
    "measures": _measures,
    "drafts": _drafts,
    "seats": _seats,
    "shelves": _shelves,
    "stickers": lambda random: _shelves(random, stickers=True),
}


def feature_rows(kind: str) -> st.SearchStrategy[Rows]:
    """A small database of that kind."""
    return st.integers(0, _DATABASES - 1).map(lambda number: _database(kind, number))


@cache
def _database(kind: str, number: int) -> FeatureRows:
    return FeatureRows((), (), tables=_MADE_BY[kind](Random(f"{kind} {number}")))

"""Rows that are lost, doubled or in another order on their way to `async for`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from conformance.defects.calls import Call, around
from conformance.defects.facts import Facts
from conformance.defects.generators.registry import Defect, generator
from conformance.defects.places import Place

Items = list[Any]
# What is done to the items; the second argument is the size of a chunk, if there is one.
Change = Callable[[Items, int | None], Items]


@generator
def row_lost(place: Place, facts: Facts) -> Iterator[Defect]:
    """One row does not come: the first, the last, the one at a chunk's edge, the chunk that is not full."""
    yield from _defects(place, facts, _LOST)


@generator
def row_doubled(place: Place, facts: Facts) -> Iterator[Defect]:
    """One row comes twice."""
    yield from _defects(place, facts, _DOUBLED)


@generator
def rows_reordered(place: Place, facts: Facts) -> Iterator[Defect]:
    """The rows come in another order."""
    yield from _defects(place, facts, _REORDERED)


@generator
def rows_stale(place: Place, facts: Facts) -> Iterator[Defect]:
    """Each row is the one before it: as where one object is used again."""
    yield from _defects(place, facts, {"": lambda items, _: [items[0], *items[:-1]] if items else items})


@generator
def shared_rows(place: Place, facts: Facts) -> Iterator[Defect]:
    """What makes instances of rows, for both sides alike, loses one or turns them round."""
    if facts.modelled and place.on_queryset and "instance" in facts.returns:
        for variant in ("last", "reversed") if place.iterates else ("last",):
            yield Defect("model", partial(_in_instances, {**_LOST, **_REORDERED}[variant]), variant)


def _in_instances(change: Change, _: Place) -> None:
    from django.db.models.query import ModelIterable

    real = ModelIterable.__iter__
    changed: Any = lambda self: iter(change(list(real(self)), None))  # noqa: E731 - the stubs' iterator is another
    ModelIterable.__iter__ = changed  # type: ignore[method-assign]


def _defects(place: Place, facts: Facts, changes: dict[str, Change]) -> Iterator[Defect]:
    for variant, change in changes.items():
        if place.iterates and (facts.chunked or not variant.startswith("chunk")):
            yield Defect("result", around(_around(change)), variant)


def _around(change: Change) -> Callable[[Call], Any]:
    async def instead(call: Call) -> Any:
        return change(await call.result(), chunk_size(call))

    return instead


def chunk_size(call: Call) -> int | None:
    """The size of a chunk that a call gives; None where it gives none that counts."""
    size = call.kwargs.get("chunk_size", call.given[0] if call.given else None)
    return size if isinstance(size, int) and size > 0 else None


def _at_edge(items: Items, size: int | None, make: Callable[[Items, int], Items]) -> Items:
    """Change what stands at the first edge between two chunks, if there are two."""
    return make(items, size) if size is not None and len(items) > size else items


_LOST: dict[str, Change] = {
    "first": lambda items, _: items[1:],
    "last": lambda items, _: items[:-1],
    "chunk-edge": lambda items, size: _at_edge(items, size, lambda all_, at: all_[:at] + all_[at + 1 :]),
    "chunk-tail": lambda items, size: items if not size else items[: len(items) - len(items) % size],
}
_DOUBLED: dict[str, Change] = {
    "first": lambda items, _: items[:1] + items,
    "last": lambda items, _: items + items[-1:],
    "chunk-edge": lambda items, size: _at_edge(items, size, lambda all_, at: all_[:at] + all_[at - 1 :]),
}
_REORDERED: dict[str, Change] = {
    "reversed": lambda items, _: items[::-1],
    "swapped": lambda items, _: [*items[:-2], *items[-2:][::-1]],
    "rotated": lambda items, _: items[1:] + items[:1],
    "chunk-swapped": lambda items, size: _at_edge(items, size, lambda all_, at: all_[at:] + all_[:at]),
}

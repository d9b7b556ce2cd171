"""Parts of a query that are ignored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from conformance.defects.calls import Call, around, in_twin
from conformance.defects.facts import Facts
from conformance.defects.generators.registry import Defect, generator
from conformance.defects.places import Place

# Of the others Django itself leaves the ordering out, or makes one of its own.
_ORDERED = ("__iter__", "iterator", "first", "last", "explain")
Change = Callable[[Any], Any]


@generator
def slice_ignored(place: Place, facts: Facts) -> Iterator[Defect]:
    """The whole query is asked, not the slice of it."""
    if place.on_queryset and facts.sliced:
        yield Defect("statements", _on(_unsliced))


@generator
def ordering_ignored(place: Place, facts: Facts) -> Iterator[Defect]:
    """The rows come in any order."""
    if place.on_queryset and facts.ordered and place.twin in _ORDERED:
        yield Defect("statements", _on(_unordered))


@generator
def filter_ignored(place: Place, facts: Facts) -> Iterator[Defect]:
    """The conditions are left out."""
    if place.on_queryset and facts.filtered:
        yield Defect("statements", _on(_unfiltered))


@generator
def wrong_alias(place: Place, facts: Facts) -> Iterator[Defect]:
    """Another database is asked than `using` says."""
    if place.on_queryset and facts.statements > 0:
        yield Defect("statements", _on(lambda queryset: queryset.using("other")))


@generator
def shared_query(place: Place, facts: Facts) -> Iterator[Defect]:
    """The synchronous method itself ignores a part of the query, so that both sides are wrong alike."""
    if not (place.on_queryset and facts.shared):
        return
    for variant, change, sense in (
        ("slice", _unsliced, facts.sliced),
        ("ordering", _unordered, facts.ordered and place.twin in _ORDERED),
        ("filter", _unfiltered, facts.filtered),
    ):
        if sense:
            yield Defect("model", in_twin(_twin_on(change)), variant)


def _twin_on(change: Change) -> Callable[[Call], Any]:
    def instead(call: Call) -> Any:
        changed = call.on(change(call.target)) if _is_plain(call.target) else call
        return changed.real(*changed.args, **changed.kwargs)

    return instead


def _on(change: Change) -> Callable[[Place], None]:
    async def instead(call: Call) -> Any:
        return await (call.on(change(call.target)) if _is_plain(call.target) else call).result()

    return around(instead)


def _is_plain(queryset: Any) -> bool:
    """Whether it has a query that can be changed: not a combined one, nor raw SQL."""
    return hasattr(queryset, "_chain") and not queryset.query.combinator


def _unsliced(queryset: Any) -> Any:
    found = queryset._chain()
    found.query.clear_limits()
    return found


def _unordered(queryset: Any) -> Any:
    found = queryset._chain()
    found.query.clear_ordering(force=True)
    return found


def _unfiltered(queryset: Any) -> Any:
    found = queryset._chain()
    found.query.where = type(found.query.where)()
    return found

"""Caches of querysets and instances that are filled, emptied or kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from conformance.defects.calls import Call, surrounded
from conformance.defects.facts import Facts
from conformance.defects.generators.registry import Defect, generator
from conformance.defects.places import Place


@generator
def result_cache_filled(place: Place, facts: Facts) -> Iterator[Defect]:
    """The queryset that it was called on counts as evaluated afterwards."""
    if place.on_queryset and place.twin != "__iter__":
        yield Defect("state", surrounded(_afterwards(_fill)))


@generator
def result_cache_dropped(place: Place, facts: Facts) -> Iterator[Defect]:
    """The rows of an iteration are not kept: the next one asks again."""
    if place.on_queryset and place.twin == "__iter__":
        yield Defect("state", surrounded(_afterwards(_empty)))


@generator
def prefetched_kept(place: Place, facts: Facts) -> Iterator[Defect]:
    """What was prefetched is kept after a write that makes it wrong."""
    if "prefetched changed" in facts.caches:
        yield Defect("state", surrounded(_restoring(_prefetched)))


@generator
def prefetched_dropped(place: Place, facts: Facts) -> Iterator[Defect]:
    """What was prefetched is forgotten."""
    if "prefetched" in facts.caches:
        yield Defect("state", surrounded(_afterwards(lambda target: _prefetched(target).clear())))


@generator
def related_kept(place: Place, facts: Facts) -> Iterator[Defect]:
    """A related object is kept although the twin forgets it."""
    if "related changed" in facts.caches:
        yield Defect("state", surrounded(_restoring(_related)))


@generator
def related_dropped(place: Place, facts: Facts) -> Iterator[Defect]:
    """A related object that was loaded is forgotten."""
    if "related" in facts.caches:
        yield Defect("state", surrounded(_afterwards(lambda target: _related(target).clear())))


def _afterwards(change: Callable[[Any], None]) -> Callable[[Call], Any]:
    @asynccontextmanager
    async def block(call: Call) -> AsyncIterator[None]:
        try:
            yield
        finally:
            change(call.target)

    return block


def _restoring(cache: Callable[[Any], dict[Any, Any]]) -> Callable[[Call], Any]:
    @asynccontextmanager
    async def block(call: Call) -> AsyncIterator[None]:
        before = dict(cache(call.target))
        yield
        cache(call.target).update(before)

    return block


def _fill(queryset: Any) -> None:
    if queryset._result_cache is None:
        queryset._result_cache = []


def _empty(queryset: Any) -> None:
    queryset._result_cache = None


def _prefetched(target: Any) -> dict[Any, Any]:
    return caches_held_by(target)[0]


def _related(target: Any) -> dict[Any, Any]:
    return caches_held_by(target)[1]


def caches_held_by(target: Any) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Prefetched objects and related ones, of an instance or of the one whose related manager it is."""
    instance = target if hasattr(target, "_state") else getattr(target, "instance", None)
    if instance is None or not hasattr(instance, "_state"):
        return {}, {}
    return vars(instance).setdefault("_prefetched_objects_cache", {}), instance._state.fields_cache

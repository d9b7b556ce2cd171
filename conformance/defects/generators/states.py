"""Instances whose state, fields or key are not what they should be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from conformance.defects.calls import Call, around, surrounded
from conformance.defects.facts import Facts
from conformance.defects.generators.registry import Defect, generator
from conformance.defects.kinds import altered, kind_of
from conformance.defects.places import Place


@generator
def state_adding(place: Place, facts: Facts) -> Iterator[Defect]:
    """An instance says that it is not stored although it is, or the other way round."""
    yield from _defects(place, facts, _flip)


@generator
def state_alias(place: Place, facts: Facts) -> Iterator[Defect]:
    """An instance says that it came from another database."""
    yield from _defects(place, facts, _astray)


@generator
def key_lost(place: Place, facts: Facts) -> Iterator[Defect]:
    """An instance has no key although it is stored."""
    if place.twin != "delete":
        yield from _defects(place, facts, lambda instance: setattr(instance, "pk", None))


@generator
def key_kept(place: Place, facts: Facts) -> Iterator[Defect]:
    """A deleted instance has its key still."""

    @asynccontextmanager
    async def block(call: Call) -> AsyncIterator[None]:
        key = call.target.pk
        yield
        call.target.pk = key

    if place.on_instance and place.twin == "delete":
        yield Defect("state", surrounded(block))


@generator
def field_changed(place: Place, facts: Facts) -> Iterator[Defect]:
    """A field of the caller's instance has another value afterwards."""
    if place.on_instance:
        yield Defect("state", surrounded(_afterwards(altered)))


@generator
def field_not_refreshed(place: Place, facts: Facts) -> Iterator[Defect]:
    """The query is sent, and the instance is left as it was."""

    @asynccontextmanager
    async def block(call: Call) -> AsyncIterator[None]:
        before = dict(vars(call.target))
        yield
        vars(call.target).update({name: value for name, value in before.items() if not name.startswith("_")})

    if place.on_instance and place.twin == "refresh_from_db":
        yield Defect("state", surrounded(block))


def _defects(place: Place, facts: Facts, change: Callable[[Any], object]) -> Iterator[Defect]:
    if place.on_instance:
        yield Defect("state", surrounded(_afterwards(change)))
    elif "instance" in facts.returns and not place.iterates:
        yield Defect("result", around(_on_result(change)))


def _afterwards(change: Callable[[Any], object]) -> Callable[[Call], Any]:
    @asynccontextmanager
    async def block(call: Call) -> AsyncIterator[None]:
        yield
        change(call.target)

    return block


def _on_result(change: Callable[[Any], object]) -> Callable[[Call], Any]:
    async def instead(call: Call) -> Any:
        found = await call.result()
        if kind_of(found) == "instance":
            change(found)
        return found

    return instead


def _flip(instance: Any) -> None:
    instance._state.adding = not instance._state.adding


def _astray(instance: Any) -> None:
    instance._state.db = "other"

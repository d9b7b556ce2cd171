"""Exceptions that are swallowed or changed, and what they leave behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from conformance.defects.calls import Call, around
from conformance.defects.facts import Facts
from conformance.defects.generators.registry import Defect, generator
from conformance.defects.orm import on_orm_thread, unusable
from conformance.defects.places import Place

# What replaces an exception, given the call and the exception: it raises, or gives a value.
Instead = Callable[[Exception], Any]


@generator
def exception_swallowed(place: Place, facts: Facts) -> Iterator[Defect]:
    """Where the twin raises, it gives nothing and says nothing."""
    yield from _defects(facts, place, lambda _: None)


@generator
def exception_type_changed(place: Place, facts: Facts) -> Iterator[Defect]:
    """It raises another exception: a base class, or one that says less."""

    def plainer(error: Exception) -> Any:
        raise Exception(*error.args) from error.__cause__  # noqa: TRY002 - the defect

    def narrower(error: Exception) -> Any:
        raise type("Subclass", (type(error),), {})(*error.args) from error.__cause__

    yield from _defects(facts, place, plainer, "base")
    yield from _defects(facts, place, narrower, "subclass")


@generator
def exception_message_changed(place: Place, facts: Facts) -> Iterator[Defect]:
    """The exception has another message, or none."""

    def other(error: Exception) -> Any:
        error.args = ("it failed",)
        raise error

    yield from _defects(facts, place, other)


@generator
def exception_cause_changed(place: Place, facts: Facts) -> Iterator[Defect]:
    """The exception loses its cause, or has one that it should not have."""

    def lost(error: Exception) -> Any:
        raise error from None

    def added(error: Exception) -> Any:
        raise error from RuntimeError("in between")

    if facts.causes:
        yield from _defects(facts, place, lost, "lost")
    yield from _defects(facts, place, added, "added")


@generator
def raises_needlessly(place: Place, facts: Facts) -> Iterator[Defect]:
    """It does its work and then raises."""

    async def instead(call: Call) -> Any:
        await call.result()
        raise RuntimeError("needless")

    yield Defect("result", around(instead))


@generator
def connection_unusable(place: Place, facts: Facts) -> Iterator[Defect]:
    """After an exception the connection refuses the next query."""
    if facts.raises and facts.statements > 0:
        yield Defect("exception", around(_breaking))


def _defects(facts: Facts, place: Place, instead: Instead, variant: str = "") -> Iterator[Defect]:
    if facts.raises:
        yield Defect("exception", around(_on_exception(instead)), variant)


def _on_exception(replaced: Instead) -> Callable[[Call], Any]:
    async def instead(call: Call) -> Any:
        try:
            return await call.result()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is changed
            found = replaced(error)
            return [] if call.place.iterates else found

    return instead


async def _breaking(call: Call) -> Any:
    try:
        return await call.result()
    except Exception:
        await on_orm_thread(unusable)
        raise

"""Values that are wrong, or of another type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from conformance.defects.calls import Call, around, in_twin
from conformance.defects.facts import Facts
from conformance.defects.generators.registry import Defect, generator
from conformance.defects.kinds import altered, kind_of, retyped
from conformance.defects.places import Place

_VALUES = ("bool", "int", "float", "str", "bytes", "list", "tuple", "dict", "instance", "set")
Change = Callable[[Any], Any]


@generator
def value_wrong(place: Place, facts: Facts) -> Iterator[Defect]:
    """Another value of the same type: one more, one less, a field changed."""
    for kind in _kinds(place, facts):
        yield Defect("result", around(_changed(kind, altered)), kind)


@generator
def type_wrong(place: Place, facts: Facts) -> Iterator[Defect]:
    """The same value of another type: an int for a bool, a list for a tuple, a subclass."""
    for kind in _kinds(place, facts):
        if kind != "instance":
            yield Defect("result", around(_changed(kind, retyped)), kind)


@generator
def nothing_given(place: Place, facts: Facts) -> Iterator[Defect]:
    """It does its work and gives None."""
    for kind in _kinds(place, facts):
        yield Defect("result", around(_changed(kind, lambda _: None)), kind)


@generator
def something_given(place: Place, facts: Facts) -> Iterator[Defect]:
    """It gives something where the answer is None."""
    if not place.iterates and "None" in facts.returns:
        for variant, value in (("false", False), ("zero", 0), ("empty", "")):
            yield Defect("result", around(_changed("None", partial(_constant, value))), variant)


@generator
def shared_value(place: Place, facts: Facts) -> Iterator[Defect]:
    """The synchronous method gives another value, so that both sides are wrong alike."""
    if facts.shared and place.twin != "__iter__":
        for kind in _kinds(place, facts):
            yield Defect("model", in_twin(_twin(kind)), kind)


def _constant(value: Any, _: Any) -> Any:
    return value


def _kinds(place: Place, facts: Facts) -> Iterator[str]:
    return (kind for kind in _VALUES if not place.iterates and kind in facts.returns)


def _changed(kind: str, change: Change) -> Callable[[Call], Any]:
    async def instead(call: Call) -> Any:
        value = await call.result()
        return change(value) if kind_of(value) == kind else value

    return instead


def _twin(kind: str) -> Callable[[Call], Any]:
    def instead(call: Call) -> Any:
        value = call.real(*call.args, **call.kwargs)
        return altered(value) if kind_of(value) == kind else value

    return instead

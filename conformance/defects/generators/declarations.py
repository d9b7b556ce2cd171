"""Operations that are declared otherwise than their twins."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from conformance.defects.calls import declared_like
from conformance.defects.facts import Facts
from conformance.defects.generators.registry import Defect, generator
from conformance.defects.places import Place

Parameters = list[inspect.Parameter]
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@generator
def parameter_renamed(place: Place, facts: Facts) -> Iterator[Defect]:
    """A parameter has another name than the twin's."""
    for position, parameter in _named(place, facts):
        yield _declared(_with(position, lambda each: each.replace(name=f"{each.name}_")), parameter.name)


@generator
def parameter_default_changed(place: Place, facts: Facts) -> Iterator[Defect]:
    """A parameter has another default than the twin's, or none."""
    for position, parameter in _named(place, facts):
        if parameter.default is not inspect.Parameter.empty:
            yield _declared(_with(position, lambda each: each.replace(default="surplus")), parameter.name)


@generator
def parameter_kind_changed(place: Place, facts: Facts) -> Iterator[Defect]:
    """What the twin also takes by position has to be named."""
    named = list(_named(place, facts))
    if named and named[-1][1].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD:
        position, parameter = named[-1]
        keyword = inspect.Parameter.KEYWORD_ONLY
        yield _declared(_moved_last(position, keyword), parameter.name)


@generator
def parameter_missing(place: Place, facts: Facts) -> Iterator[Defect]:
    """A parameter that the twin has is not there."""
    for position, parameter in enumerate(place.parameters if facts.declared else ()):
        yield _declared(_without(position), parameter.name)


@generator
def parameter_added(place: Place, facts: Facts) -> Iterator[Defect]:
    """There is a parameter that the twin lacks."""
    surplus = inspect.Parameter("surplus", inspect.Parameter.KEYWORD_ONLY, default=None)

    def add(found: Parameters) -> Parameters:
        named = [each for each in found if each.kind is not inspect.Parameter.VAR_KEYWORD]
        return [*named, surplus, *found[len(named) :]]

    if facts.declared:
        yield _declared(add)


@generator
def mark_changed(place: Place, facts: Facts) -> Iterator[Defect]:
    """A mark is there that the twin lacks, or the other way round: templates and managers go by them."""
    for mark in ("alters_data", "queryset_only") if facts.declared else ():
        yield Defect("signature", _marked(mark), mark)


@generator
def docstring_dropped(place: Place, facts: Facts) -> Iterator[Defect]:
    """The docstring is not there, and the twin has one."""

    def put_in(place: Place) -> None:
        found = _same(place)
        found.__doc__ = ""
        place.put(place.name, found)

    if facts.declared and inspect.getdoc(place.function(place.name)):
        yield Defect("declaration", put_in)


@generator
def coroutine_mark_lost(place: Place, facts: Facts) -> Iterator[Defect]:
    """It gives something that can be awaited, and `inspect` does not say so."""

    def put_in(place: Place) -> None:
        real = place.function(place.name)

        def function(*args: Any, **kwargs: Any) -> Any:
            return real(*args, **kwargs)

        function.__doc__, function.__signature__ = real.__doc__, inspect.signature(real)  # type: ignore[attr-defined]
        vars(function).update(
            {mark: vars(real)[mark] for mark in ("alters_data", "queryset_only") if mark in vars(real)}
        )
        place.put(place.name, function)

    if facts.declared:
        yield Defect("declaration", put_in)


def _named(place: Place, facts: Facts) -> Iterator[tuple[int, inspect.Parameter]]:
    return ((at, each) for at, each in enumerate(place.parameters) if facts.declared and each.kind not in _VARIADIC)


def _declared(change: Callable[[Parameters], Parameters], variant: str = "") -> Defect:
    def put_in(place: Place) -> None:
        found = _same(place)
        signature = inspect.signature(found)
        parameters = list(signature.parameters.values())
        first = 1 if place.bound else 0
        changed = [*parameters[:first], *change(parameters[first:])]
        found.__signature__ = signature.replace(parameters=changed)
        place.put(place.name, found)

    return Defect("signature", put_in, variant)


def _same(place: Place) -> Any:
    real = place.function(place.name)
    return declared_like(real, lambda args, kwargs: real(*args, **kwargs))


def _with(
    position: int, change: Callable[[inspect.Parameter], inspect.Parameter]
) -> Callable[[Parameters], Parameters]:
    return lambda found: [change(each) if at == position else each for at, each in enumerate(found)]


def _without(position: int) -> Callable[[Parameters], Parameters]:
    return lambda found: [*found[:position], *found[position + 1 :]]


def _moved_last(position: int, kind: Any) -> Callable[[Parameters], Parameters]:
    """No parameter that is given by position may follow one that has to be named."""

    def change(found: Parameters) -> Parameters:
        rest = _without(position)(found)
        named = [each for each in rest if each.kind is not inspect.Parameter.VAR_KEYWORD]
        return [*named, found[position].replace(kind=kind), *rest[len(named) :]]

    return change


def _marked(mark: str) -> Callable[[Place], None]:
    def put_in(place: Place) -> None:
        found = _same(place)
        setattr(found, mark, not getattr(found, mark, False))
        place.put(place.name, found)

    return put_in

"""Arguments and defaults that get lost on the way."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from conformance.defects.calls import Call, around
from conformance.defects.facts import Facts
from conformance.defects.generators.registry import Defect, asked_or_given, generator
from conformance.defects.places import Place

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@generator
def keyword_dropped(place: Place, facts: Facts) -> Iterator[Defect]:
    """An argument that has a default does not arrive."""
    for parameter in place.parameters:
        if parameter.default is not inspect.Parameter.empty and parameter.name in facts.given:
            yield Defect(_judge(facts, parameter.name), _changed(parameter.name, _drop), parameter.name)


@generator
def default_changed(place: Place, facts: Facts) -> Iterator[Defect]:
    """What is not given counts as something else than what the signature says."""
    for parameter in place.parameters:
        if isinstance(parameter.default, bool) and parameter.name in facts.omitted:
            yield Defect(_judge(facts, parameter.name), _changed(parameter.name, _other), parameter.name)


@generator
def last_argument_dropped(place: Place, facts: Facts) -> Iterator[Defect]:
    """Of any number of arguments the last one does not arrive."""
    for parameter in place.parameters:
        if parameter.kind in _VARIADIC and parameter.name in facts.given:
            named = parameter.kind is inspect.Parameter.VAR_KEYWORD
            yield Defect(asked_or_given(facts), around(_without_last(named)), "named" if named else "positional")


@generator
def tail_lost(place: Place, facts: Facts) -> Iterator[Defect]:
    """Of a list that is given, the last item is lost, as of a last batch that is not full."""
    for parameter in place.parameters:
        if parameter.name in _LISTS and parameter.name in facts.given:
            yield Defect(asked_or_given(facts), _changed(parameter.name, _shorten), parameter.name)


def droppable(place: Place) -> dict[str, str]:
    """For each parameter that need not be given, the defect that drops it: some entry has to give it, to notice."""
    named = {inspect.Parameter.VAR_POSITIONAL: "positional", inspect.Parameter.VAR_KEYWORD: "named"}
    variadic = {
        each.name: f"last-argument-dropped/{named[each.kind]}" for each in place.parameters if each.kind in named
    }
    return variadic | {
        each.name: f"keyword-dropped/{each.name}"
        for each in place.parameters
        if each.default is not inspect.Parameter.empty
    }


_LISTS = ("objs", "id_list", "keys", "data", "related_lookups", "instances", "model_instances", "fields", "perm_list")


def _judge(facts: Facts, name: str) -> str:
    # It changes how rows are fetched, which no statement shows: that it is refused does.
    return "result" if name == "chunk_size" else asked_or_given(facts)


def _changed(name: str, change: Callable[[inspect.BoundArguments, inspect.Parameter], None]) -> Callable[[Place], None]:
    """Each call with its bound arguments changed; one that cannot be bound goes through as it is."""

    async def instead(call: Call) -> Any:
        try:
            signature = inspect.signature(call.real)
            bound = signature.bind(*call.args, **call.kwargs)
        except (TypeError, ValueError):
            return await call.result()
        change(bound, signature.parameters[name])
        first = 1 if call.place.bound else 0
        return await call.with_arguments(*bound.args[first:], **bound.kwargs).result()

    return around(instead)


def _drop(bound: inspect.BoundArguments, parameter: inspect.Parameter) -> None:
    bound.arguments.pop(parameter.name, None)


def _other(bound: inspect.BoundArguments, parameter: inspect.Parameter) -> None:
    bound.arguments.setdefault(parameter.name, not parameter.default)


def _shorten(bound: inspect.BoundArguments, parameter: inspect.Parameter) -> None:
    found = bound.arguments.get(parameter.name)
    if isinstance(found, dict):
        bound.arguments[parameter.name] = dict(list(found.items())[:-1])
    elif isinstance(found, (list, tuple)):
        bound.arguments[parameter.name] = found[:-1]


def _without_last(named: bool) -> Callable[[Call], Any]:
    async def instead(call: Call) -> Any:
        given, kwargs = call.given, dict(call.kwargs)
        if named and kwargs:
            kwargs.popitem()
        elif not named and given:
            given = given[:-1]
        return await call.with_arguments(*given, **kwargs).result()

    return instead

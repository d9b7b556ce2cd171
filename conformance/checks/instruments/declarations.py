"""How a callable is declared."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import lru_cache
from types import MethodType
from typing import Any

from conformance.observations import Declaration

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def declare(function: Callable[..., Any], without: Collection[str] = ()) -> Declaration:
    """Parameters without `self`, marks, and whether there is a docstring. Also of what has no signature of its own.

    `without` names parameters of which the documentation says that the other side does not have them.
    """
    underlying = getattr(function, "__func__", None)
    found = _declared(function) if underlying is None else _declared_method(underlying)
    return replace(found, parameters=tuple(each for each in found.parameters if each[0] not in without))


@lru_cache(maxsize=2048)
def _declared_method(function: Callable[..., Any]) -> Declaration:
    """Of a method, bound: most examples of an entry call the same one."""
    return _declared(MethodType(function, object()))


def _declared(function: Callable[..., Any]) -> Declaration:
    return Declaration(
        parameters=_parameters(function),
        kind=_kind(function),
        alters_data=bool(getattr(function, "alters_data", False)),
        queryset_only=getattr(function, "queryset_only", None),
        documented=bool(inspect.getdoc(function)),
    )


def _parameters(function: Callable[..., Any]) -> tuple[tuple[str, str, str], ...]:
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple((each.name, each.kind.description, _default(each)) for each in found)


def _default(parameter: inspect.Parameter) -> str:
    """As text: sentinels are compared by their type, since each may be an object of its own."""
    if parameter.default is inspect.Parameter.empty:
        return ""
    return _ADDRESS.sub("", repr(parameter.default))


def _kind(function: Callable[..., Any]) -> str:
    if inspect.isasyncgenfunction(function):
        return "async generator"
    marked = inspect.iscoroutinefunction(function) or getattr(inspect, "iscoroutinefunction", bool)(function)
    return "coroutine function" if marked else "function"

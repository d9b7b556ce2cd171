"""Where a defect goes: an asynchronous attribute of a class or a module, found when a check first asks for it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

ITERATIONS = ("__iter__", "iterator")


@dataclass(frozen=True)
class Place:
    """The attribute `name` of a class or module, and the name of its synchronous twin there."""

    owner: Any
    name: str
    twin: str

    @property
    def iterates(self) -> bool:
        """Whether it gives items one by one."""
        return self.twin in ITERATIONS

    @property
    def bound(self) -> bool:
        """Whether its first argument is what it is called on."""
        return not isinstance(self.owner, ModuleType) and not isinstance(self._static(self.name), staticmethod)

    @property
    def on_queryset(self) -> bool:
        """Whether it is called on a queryset."""
        from django.db.models import QuerySet

        return isinstance(self.owner, type) and issubclass(self.owner, QuerySet)

    @property
    def on_instance(self) -> bool:
        """Whether it is called on a model's instance."""
        return hasattr(self.owner, "_meta")

    @property
    def in_orm(self) -> bool:
        """Whether it is called on a queryset, a manager, an instance or a module: it keeps nothing of its own."""
        return self.on_queryset or self.on_instance or hasattr(self.owner, "get_queryset") or not self.bound

    @cached_property
    def parameters(self) -> tuple[inspect.Parameter, ...]:
        """What it is declared to take, without what it is called on; nothing of what has no signature."""
        try:
            found = tuple(inspect.signature(self.function(self.name)).parameters.values())
        except (TypeError, ValueError):
            return ()
        return found[1:] if self.bound else found

    def has(self, name: str) -> bool:
        """Whether the owner has the attribute."""
        return hasattr(self.owner, name)

    def function(self, name: str) -> Callable[..., Any]:
        """The attribute as a function that is given what it is called on."""
        found = self._static(name)
        function: Callable[..., Any] = getattr(found, "__func__", found)
        return function

    def put(self, name: str, function: Callable[..., Any]) -> None:
        """Replace the attribute, a class method or static method by one."""
        found = self._static(name)
        kind = type(found) if isinstance(found, (classmethod, staticmethod)) else None
        setattr(self.owner, name, kind(function) if kind else function)

    def _static(self, name: str) -> Any:
        return inspect.getattr_static(self.owner, name)


def on_first_use(twin: str | None, put_in: Callable[[Place], None]) -> None:
    """Call `put_in` with each place that the checks of this process ask for, before they have it.

    `twin` is the synchronous name of the operation, `__iter__` for what is iterated over; None stands for any.
    """
    from conformance.checks.adapter import Adapter

    seen: list[Place] = []

    def see(target: Any, name: str, of: str) -> None:
        place = Place(target if isinstance(target, (ModuleType, type)) else type(target), name, of)
        if twin in (None, of) and place.has(name) and not any(_covers(known, place) for known in seen):
            seen.append(place)
            put_in(place)

    real, iterate = Adapter.asynchronous, Adapter.iterate

    def asynchronous(self: Adapter, target: Any, name: str) -> Any:
        see(target, f"a{name}", name)
        return real(self, target, name)

    def iterating(self: Adapter, iterable: Any) -> Any:
        see(iterable, "__aiter__", "__iter__")
        return iterate(self, iterable)

    Adapter.asynchronous, Adapter.iterate = asynchronous, iterating  # type: ignore[method-assign]


def _covers(known: Place, place: Place) -> bool:
    """Whether the place has what was put in at the known one: an overriding subclass has it from its base."""
    if known.name != place.name or known.owner is place.owner:
        return known == place
    both = isinstance(known.owner, type) and isinstance(place.owner, type)
    inherits = both and issubclass(place.owner, known.owner)
    return inherits and place._static(place.name) is known._static(known.name)

"""What a call leaves of what the caller holds, shown together with what it gives."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from conformance.checks.experiments import Sides
from conformance.checks.instruments.states import prefetched_for
from conformance.checks.twins import mapped
from conformance.strategies.code import Attribute, Chain, Name, find

# Methods of instances of which a model knows what they leave fetched.
KEEPING = ("save", "delete", "refresh_from_db")
# Methods of managers of related objects that give instances, each of which knows its owner.
OWNED = ("__iter__", "iterator", "get", "first", "last", "in_bulk", "create", "get_or_create", "update_or_create")


def with_prefetched(target: Any, value: Any) -> Any:
    """The result, and what is prefetched for the owner of related objects: by the documentation nothing any longer."""
    left = prefetched_for(target.instance) if hasattr(target, "instance") else ()
    return [value, f"still prefetched: {', '.join(left)}"] if left else value


def owning_field(target: Any) -> str:
    """The foreign key that leads from what a manager of related objects gives to its owner; empty for any other."""
    from django.db.models import ManyToOneRel

    steps = target.steps if isinstance(target, Chain) and isinstance(target.start, Name) else ()
    named = [step.name for step in steps if isinstance(step, Attribute)]
    if not named:
        return ""
    model = find(target.start.name.partition(".")[0])
    relation = next((each for each in model._meta.related_objects if each.get_accessor_name() == named[-1]), None)
    many = isinstance(relation, ManyToOneRel) and not relation.one_to_one
    return relation.field.name if relation is not None and many else ""


def with_owner(name: str, value: Any) -> Any:
    """The result, and how many of its instances do not know their owner, which was at hand."""
    if isinstance(value, dict):
        found = list(value.values())
    else:
        found = list(value) if isinstance(value, (list, tuple)) else [value]
    instances = [each for each in found if hasattr(each, "_meta")]
    lost = sum(name not in each._state.fields_cache for each in instances)
    return [value, f"{lost} without their owner"] if lost else value


def with_target(target: Any, sides: Sides) -> Sides:
    """The result together with the instances as they are afterwards: what most of their methods give is None."""
    return mapped(sides, lambda value: [value, target])


def with_caches(target: Any, sides: Sides) -> Sides:
    """The result, the instance, and the names of the related objects that it has, one and many."""

    def shown(value: Any) -> list[Any]:
        prefetched = getattr(target, "_prefetched_objects_cache", {})
        return [value, target, sorted(target._state.fields_cache), sorted(prefetched)]

    return mapped(sides, shown)


def held(value: Any) -> Iterator[Any]:
    """What the caller still has: instances, the owner of related objects, callables that count their calls."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from held(each)
    elif isinstance(getattr(value, "__self__", None), count) or (
        hasattr(value, "_meta") and not isinstance(value, type)
    ):
        yield value
    elif hasattr(value, "get_queryset") and hasattr(getattr(value, "instance", None), "_meta"):
        yield value.instance

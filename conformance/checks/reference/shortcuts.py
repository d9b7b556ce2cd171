"""What the shortcuts that end in a 404 give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.checks.reference.joins import World
from conformance.checks.reference.outcomes import Raises
from conformance.checks.reference.queries import Query
from conformance.checks.reference.reads import READS
from conformance.checks.reference.steps import query_of, restrict
from conformance.strategies.code import Arguments, Chain, Name, Step

# A model class stands for its default manager.
_MODELS = {Name("Post"): Name("Post.objects"), Name("PublishedPost"): Name("PublishedPost.objects")}


def _given(world: World, given: Arguments) -> tuple[Query, Arguments]:
    """The queryset, and the conditions. Raises `Raises` for what is none, and where nothing is given."""
    if not given.args:
        raise Raises("TypeError")
    found, *conditions = given.args
    expression = _MODELS.get(found, found) if isinstance(found, Name) else found
    if not isinstance(expression, Chain) and expression not in (*_MODELS.values(), Name("Post.objects")):
        raise Raises("ValueError")
    return query_of(world, expression), Arguments(tuple(conditions), given.kwargs)


def get_object_or_404(world: World, given: Arguments) -> Any:
    """The one row."""
    query, conditions = _given(world, given)
    try:
        return READS["get"](world, query, conditions)
    except Raises as raised:
        raise Raises("Http404" if raised.name == "DoesNotExist" else raised.name) from raised


def get_list_or_404(world: World, given: Arguments) -> list[Any]:
    """The rows, of which there must be one."""
    query, conditions = _given(world, given)
    query = restrict(world, query, Step("filter", conditions.args, conditions.kwargs))
    found: list[Any] = READS["__iter__"](world, query, Arguments())
    if not found:
        raise Raises("Http404")
    return found


SHORTCUTS: dict[str, Callable[[World, Arguments], Any]] = {
    "get_object_or_404": get_object_or_404,
    "get_list_or_404": get_list_or_404,
}

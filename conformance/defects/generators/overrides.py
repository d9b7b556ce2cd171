"""What a subclass overrides is passed by."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from conformance.defects.calls import Call, around
from conformance.defects.facts import Facts
from conformance.defects.generators.registry import Defect, generator
from conformance.defects.orm import on_orm_thread
from conformance.defects.places import Place


@generator
def override_bypassed(place: Place, facts: Facts) -> Iterator[Defect]:
    """The base class's synchronous method is called, whatever a subclass has in its place."""
    if facts.overrides and place.bound:
        yield Defect("override", _bypassing)


def _bypassing(place: Place) -> None:
    twin = place.function(place.twin)
    # Django copies some of a manager's methods from its queryset: there the queryset is what can be overridden.
    copied = hasattr(place.owner, "get_queryset") and not inspect.iscoroutinefunction(place.function(place.name))

    async def instead(call: Call) -> Any:
        if copied:
            queryset = place.owner.get_queryset(call.target)
            return await getattr(queryset, place.name)(*call.given, **call.kwargs)
        return await on_orm_thread(lambda: twin(*call.args, **call.kwargs))

    around(instead)(place)

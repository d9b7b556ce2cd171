"""What others write while a call is on its way: callables among the values that it is given."""

from __future__ import annotations

from typing import Any

from conformance.strategies.code import Attribute, Call, Chain, Name
from conformance.strategies.rows import FIRST_KEY
from conformance.strategies.shapes import call, step

# Leads to the same database as `default`.
SECOND_ALIAS = "again"


def changing(model: str, **values: Any) -> Call:
    """A callable that gives 1, and writes to the first row, which the call has read before."""
    first = Chain(Name(f"{model}.objects"), (step("filter", pk=FIRST_KEY), Attribute("update")))
    return call("partial", first, **values)


def racing(model: str, **values: Any) -> Call:
    """A callable that creates a row on a connection of its own; what it gives is for a column of text."""
    return call(
        "partial", Chain(Name(f"{model}.objects"), (step("using", SECOND_ALIAS), Attribute("create"))), **values
    )

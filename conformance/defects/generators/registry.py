"""What a generator is, and the list of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.defects.facts import Facts
from conformance.defects.places import Place


@dataclass(frozen=True)
class Defect:
    """One thing that is wrong with an operation, the judge that must disagree, and what puts it into its place.

    Where it depends on the operation who sees it, `|` stands between the judges of which one must disagree.

    `variant` tells it from the others of its generator; empty where there is one alone.
    """

    judge: str
    put_in: Callable[[Place], None]
    variant: str = ""


# The defects that make sense at the place of an operation, by what is known of it.
Generator = Callable[[Place, Facts], Iterator[Defect]]
GENERATORS: dict[str, Generator] = {}


def generator(function: Generator) -> Generator:
    """Add it to the list, under its function's name with hyphens."""
    GENERATORS[function.__name__.replace("_", "-")] = function
    return function


def asked_or_given(facts: Facts) -> str:
    """The judge that sees most of it, where an argument or a part of the query is lost: what was sent, if anything."""
    return "statements|result" if facts.statements > 0 else "result|state"

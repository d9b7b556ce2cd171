"""Managers of related objects: whose they are, and which relation they follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.checks.reference.records import Values
from conformance.checks.reference.schema import CONTENT_TYPE, MODELS, Relation
from conformance.checks.reference.steps import owner_of
from conformance.strategies.code import Attribute, Call, Chain


@dataclass(frozen=True)
class Ends:
    """A manager: its owner's key, the relation that it follows, and the expression of the owner."""

    owner: Any
    relation: Relation
    name: str
    expression: Chain

    @property
    def forced(self) -> Values:
        """The values that a row gets which is created here."""
        if self.relation.through is not None:
            return ()
        if self.relation.model == "Reaction":
            # Which number the database gave to a type is not known here; every other row has it.
            return (("object_id", self.owner), ("content_type", CONTENT_TYPE))
        return ((self.relation.column, self.owner),)


def ends_of(target: Any) -> Ends | None:
    """The manager that an expression ends in; None for any other target."""
    if not (isinstance(target, Chain) and target.steps and isinstance(target.steps[-1], Attribute)):
        return None
    expression = Chain(target.start, target.steps[:-1])
    model, key = owner_of(expression)
    relation = MODELS[model].relation(target.steps[-1].name)
    return None if relation is None else Ends(key, relation, target.steps[-1].name, expression)


def is_unsaved(each: Any, ends: Ends) -> bool:
    """Whether it is a new instance of the other end's model."""
    return isinstance(each, Call) and each.function == ends.relation.model

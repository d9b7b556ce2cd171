"""What an operation gives, and which rows it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.checks.reference.conditions import holds
from conformance.checks.reference.dialect import Dialect
from conformance.checks.reference.ends import ends_of
from conformance.checks.reference.held import instance_of, is_instance
from conformance.checks.reference.instances import INSTANCES
from conformance.checks.reference.joins import World
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.checks.reference.queries import rows_of
from conformance.checks.reference.reads import READS
from conformance.checks.reference.relating import RELATING, columns_set
from conformance.checks.reference.schema import Tables, tables_of
from conformance.checks.reference.shortcuts import SHORTCUTS
from conformance.checks.reference.steps import query_of
from conformance.checks.reference.writes import WRITES

if TYPE_CHECKING:
    from conformance.strategies.code import Arguments, Pairs
    from conformance.strategies.rows import Rows


@dataclass(frozen=True)
class Answer:
    """The value in the form of `checks.plain`, or the exception's name; `tables` as they are left, if written to.

    `columns` are the only ones that an UPDATE may set.
    """

    value: Any
    tables: Tables | None = None
    columns: frozenset[str] | None = None


def answer(vendor: str, rows: Rows, target: Any, call: str, given: Arguments, changes: Pairs = ()) -> Answer | None:
    """What the model says; None where it does not know. `changes` are what an instance is given before the call."""
    world = world_of(vendor, rows)
    try:
        if call in SHORTCUTS:
            return Answer(SHORTCUTS[call](world, given))
        if call in INSTANCES and is_instance(target):
            found = instance_of(world, target, changes)
            return Answer(INSTANCES[call](world, found, given), world.tables)
        if changes:
            return None
        ends = ends_of(target)
        if call in RELATING and ends is not None:
            return Answer(RELATING[call](world, ends, given), world.tables, columns_set(ends, call, given))
        query = query_of(world, target)
        if call in WRITES:
            return Answer(WRITES[call](world, query, given), world.tables)
        return Answer(READS[call](world, query, given)) if call in READS else None
    except Raises as raised:
        return Answer({"raises": raised.name})
    except Unmodelled:
        return None


def world_of(vendor: str, rows: Rows) -> World:
    """The drawn rows as tables, with what every evaluation needs."""
    return World(tables_of(rows), Dialect(vendor), holds, lambda world, inner: rows_of(world, query_of(world, inner)))

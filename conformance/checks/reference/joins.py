"""Rows together with the rows that they were joined to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.checks.reference.dialect import Dialect
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.checks.reference.schema import MODELS, Row, Tables

Path = tuple[str, ...]


@dataclass(frozen=True)
class World:
    """What every evaluation needs: the tables, how this database compares, and how a part is evaluated in a part.

    `holds` says whether joined rows meet a condition, `rows` what a query inside of a query gives.
    """

    tables: Tables
    dialect: Dialect
    holds: Callable[[World, str, Solution, Any, str], bool | None]
    rows: Callable[[World, Any], list[Any]]


@dataclass(frozen=True)
class Solution:
    """A row of a query: the row at each path that was joined (None where there is none), and its annotations.

    A path is the names of relations; those with many rows carry the number of the filter that joined them, because
    each filter joins them anew.
    """

    rows: dict[Path, Row | None]
    annotations: dict[str, Any] = field(default_factory=dict)

    @property
    def base(self) -> Row:
        """The row of the query's own model."""
        row = self.rows[()]
        assert row is not None
        return row

    def annotated(self, **values: Any) -> Solution:
        """The same with more annotations."""
        return replace(self, annotations={**self.annotations, **values})


@dataclass(frozen=True)
class Target:
    """Where a lookup's name leads: the path of joins, the field at its end, and what of the name is left over."""

    path: Path
    field: str
    rest: tuple[str, ...]
    many: bool


def locate(model: str, name: str, call: str, known: set[Path]) -> Target:
    """Follow a name over relations. `call` names the filter; empty to use the joins that are there.

    Raises `Raises` (FieldError) for a name that leads nowhere.
    """
    path: Path = ()
    many = False
    parts = name.split("__")
    while parts:
        relation = MODELS[model].relation(parts[0])
        own = MODELS[model].field(parts[0])
        # The key of a related row stands in the row itself.
        if relation is None or (
            own is not None
            and (
                len(parts) == 1
                or (
                    MODELS[relation.model].field(parts[1]) is None and MODELS[relation.model].relation(parts[1]) is None
                )
            )
        ):
            break
        step = parts.pop(0)
        if relation.many:
            many = True
            step = f"{step}#{call or _joined(path, step, known)}"
        path, model = (*path, step), relation.model
        if not parts or not _goes_on(model, parts[0]):
            return Target(path, MODELS[model].fields[0], tuple(parts), many)
    own = MODELS[model].field(parts[0])
    if own is None:
        raise Raises("FieldError")
    return Target(path, own, tuple(parts[1:]), many)


def _goes_on(model: str, name: str) -> bool:
    return MODELS[model].field(name) is not None or MODELS[model].relation(name) is not None


def _joined(path: Path, name: str, known: set[Path]) -> str:
    """The filter that joined the relation, or a name for a join that is made now."""
    found = sorted(
        {
            each[len(path)].partition("#")[2]
            for each in known
            if len(each) > len(path) and each[: len(path)] == path and each[len(path)].partition("#")[0] == name
        }
    )
    if len(found) > 1:
        raise Unmodelled("a relation was joined twice")
    return found[0] if found else "shared"


def join(world: World, model: str, solutions: list[Solution], path: Path) -> list[Solution]:
    """Every solution with each row at the end of the path, and with None where there is none: an outer join."""
    for length in range(1, len(path) + 1):
        part = path[:length]
        solutions = [
            solution if part in solution.rows else replace(solution, rows={**solution.rows, part: row})
            for solution in solutions
            for row in ([None] if part in solution.rows else _related(world, model, solution, part))
        ]
    return solutions


def _related(world: World, model: str, solution: Solution, path: Path) -> list[Row | None]:
    for name in path[:-1]:
        relation = MODELS[model].relation(name.partition("#")[0])
        assert relation is not None
        model = relation.model
    relation = MODELS[model].relation(path[-1].partition("#")[0])
    assert relation is not None
    row = solution.rows[path[:-1]]
    if row is None or row[relation.own] is None:
        return [None]
    keys = {row[relation.own]}
    if relation.through is not None:
        table, here, there = relation.through
        keys = {link[there] for link in world.tables[table] if link[here] == row[relation.own]}
    found: list[Row | None] = [each for each in world.tables[relation.model] if each[relation.column] in keys]
    return found or [None]

"""Filters: trees of conditions over joined rows, with SQL's third truth value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.checks.reference import documents, expressions
from conformance.checks.reference.comparing import compare
from conformance.checks.reference.joins import Path, Solution, Target, World, join, locate
from conformance.checks.reference.outcomes import Unmodelled
from conformance.strategies.code import Call, Infix, Inverted

Leaf = tuple[str, Any]


def narrow(
    world: World, model: str, solutions: list[Solution], tree: Any, call: str, named: tuple[str, ...], *, out: bool
) -> list[Solution]:
    """The solutions for which the tree is true; with `out`, those for which its negation is.

    `named` are the annotations' names.
    """
    if tree is None:
        return solutions
    known = expressions.known_paths(solutions) | {("annotation", name) for name in named}
    for path in _paths(model, tree, call, known, negated=out):
        solutions = join(world, model, solutions, path)
    wanted = Inverted(tree) if out else tree
    return [each for each in solutions if holds(world, model, each, wanted, call)]


def _paths(model: str, tree: Any, call: str, known: set[Path], *, negated: bool) -> Iterator[Path]:
    """The joins that a tree needs: those of a negated condition over many rows are a subquery's own."""
    if isinstance(tree, Infix):
        yield from _paths(model, tree.left, call, known, negated=negated)
        yield from _paths(model, tree.right, call, known, negated=negated)
    elif isinstance(tree, Inverted):
        yield from _paths(model, tree.operand, call, known, negated=not negated)
    elif isinstance(tree, Call) and tree.function == "Q":
        if len(tree.args) or len(tree.kwargs) != 1:
            for part in (*tree.args, *(Call("Q", kwargs=(pair,)) for pair in tree.kwargs)):
                yield from _paths(model, part, call, known, negated=negated)
            return
        ((name, value),) = tree.kwargs
        target = _target(model, name, call, known)
        if target is not None and not (target.many and negated):
            yield target.path
        yield from expressions.paths(model, value, call, known)


def _target(model: str, name: str, call: str, known: set[Path]) -> Target | None:
    """None for an annotation."""
    if ("annotation", name.partition("__")[0]) in known:
        return None
    return locate(model, name, call, known)


def holds(world: World, model: str, solution: Solution, tree: Any, call: str, *, negated: bool = False) -> bool | None:
    """The tree's truth value for joined rows; `negated` where an odd number of negations stands around it."""
    if isinstance(tree, Inverted):
        value = holds(world, model, solution, tree.operand, call, negated=not negated)
        return None if value is None else not value
    if isinstance(tree, Infix):
        sides = [holds(world, model, solution, side, call, negated=negated) for side in (tree.left, tree.right)]
        return _combined(tree.operator, sides)
    if isinstance(tree, Call) and tree.function == "Exists":
        return bool(expressions.value(world, model, solution, tree, call))
    parts = [*tree.args, *(Call("Q", kwargs=(pair,)) for pair in tree.kwargs)]
    if len(parts) == 1 and tree.kwargs:
        return _leaf(world, model, solution, tree.kwargs[0], call, negated=negated)
    return _combined("&", [holds(world, model, solution, part, call, negated=negated) for part in parts])


def _combined(operator: str, values: list[bool | None]) -> bool | None:
    if operator == "^":
        if None in values:
            raise Unmodelled("NULL in an exclusive or")
        return sum(map(bool, values)) == 1
    deciding = operator == "|"
    if deciding in values:
        return deciding
    return None if None in values else not deciding


def _leaf(world: World, model: str, solution: Solution, leaf: Leaf, call: str, *, negated: bool) -> bool | None:
    name, wanted = leaf
    head, *rest = name.split("__")
    if head in solution.annotations:
        return compare(world.dialect, solution.annotations[head], tuple(rest), wanted)
    known = set(solution.rows)
    target = locate(model, name, call, known)
    other = expressions.value(world, model, solution, wanted, call)
    if target.many and negated:
        around = join(world, model, [solution], locate(model, name, f"{call}!", known).path)
        inner = locate(model, name, f"{call}!", known)
        return any(compare(world.dialect, field_of(each, inner), target.rest, other) is True for each in around)
    found = field_of(solution, target)
    if target.field == "json":
        return _document(world, found, target.rest, leaf, other, negated=negated)
    value = compare(world.dialect, found, target.rest, other)
    if negated and value is None and (found is None or not isinstance(wanted, Infix)):
        return False
    return value


def _document(world: World, found: Any, rest: tuple[str, ...], leaf: Leaf, other: Any, *, negated: bool) -> bool | None:
    """The same of JSON. Of `exclude` with what is inside the documentation does not promise all the other rows."""
    value = documents.compare(world.dialect, found, rest, other)
    if not negated or value is not None:
        return value
    if found is not None or leaf[1] is None:
        raise Unmodelled("what is not, where there is nothing")
    return False


def field_of(solution: Solution, target: Target) -> Any:
    """The value of a field of a joined row, None where there is no row."""
    row = solution.rows.get(target.path)
    return None if row is None else row[target.field]

"""Expressions: of one row, and aggregates of many."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from functools import reduce
from typing import Any

from conformance.checks.reference.joins import Path, Solution, World, join, locate
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.strategies.code import Call, Chain, Infix, Name

AGGREGATES = {"Count", "Sum", "Avg", "Min", "Max"}
# What leads to a field by its name alone; the others take a text as a text.
_BY_NAME = {"Length", "Upper", "Lower", "Concat", "TruncMonth", "TruncDate", "Coalesce", *AGGREGATES}


def value(world: World, model: str, solution: Solution, expression: Any, call: str) -> Any:
    """The expression's value for joined rows. Raises `Unmodelled` for what the model does not know."""
    if isinstance(expression, Infix):
        left, right = (value(world, model, solution, side, call) for side in (expression.left, expression.right))
        return _arithmetic(world, expression.operator, left, right)
    if isinstance(expression, Call):
        function = _FUNCTIONS.get(expression.function)
        if function is None:
            raise Unmodelled(f"the expression {expression.function}")
        return function(world, model, solution, expression, call)
    if isinstance(expression, Chain):
        return instance_key(expression)
    if isinstance(expression, Name):
        raise Unmodelled("a name")
    return expression


def instance_key(expression: Chain) -> Any:
    """The key of a seeded row that is fetched. Raises `Unmodelled` for any other expression."""
    steps = [step for step in expression.steps if getattr(step, "method", None) == "get"]
    if len(expression.steps) == len(steps) == 1 and steps[0].kwargs[0][0] == "pk":
        return steps[0].kwargs[0][1]
    raise Unmodelled("an expression that is fetched")


def _arithmetic(world: World, operator: str, left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    results: dict[str, Callable[[], Any]] = {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
    }
    return world.dialect.integer(results[operator]())


def paths(model: str, expression: Any, call: str, known: set[Path]) -> Iterator[Path]:
    """The joins that an expression needs."""
    if isinstance(expression, Infix):
        yield from paths(model, expression.left, call, known)
        yield from paths(model, expression.right, call, known)
    elif isinstance(expression, Call) and expression.function not in ("Subquery", "Exists"):
        named = expression.function in _BY_NAME | {"F"}
        for each in expression.args:
            if isinstance(each, str) and named and each != "*" and ("annotation", each) not in known:
                yield locate(model, each, call, known).path
            else:
                yield from paths(model, each, call, known)
        for name, each in expression.kwargs:
            named_before = ("annotation", name.partition("__")[0]) in known
            if expression.function in ("Q", "When") and name != "then" and not named_before:
                yield locate(model, name, call, known).path
            yield from paths(model, each, call, known)


def _field(world: World, model: str, solution: Solution, name: Any, call: str) -> Any:
    """A field by name, or any other expression."""
    if not isinstance(name, str):
        return value(world, model, solution, name, call)
    if name in solution.annotations:
        return solution.annotations[name]
    target = locate(model, name, call, set(solution.rows))
    if target.rest:
        raise Raises("FieldError")
    row = solution.rows.get(target.path)
    return None if row is None else row[target.field]


def tree_of(args: tuple[Any, ...], kwargs: tuple[tuple[str, Any], ...]) -> Any:
    """One tree of what `filter` is given; None for nothing."""
    parts = [*args, *(Call("Q", kwargs=(pair,)) for pair in kwargs)]
    tree = parts[0] if parts else None
    for part in parts[1:]:
        tree = Infix(tree, "&", part)
    return tree


def _case(world: World, model: str, solution: Solution, case: Call, call: str) -> Any:
    for when in case.args:
        conditions = tuple(pair for pair in when.kwargs if pair[0] != "then")
        if world.holds(world, model, solution, tree_of(when.args, conditions), call):
            return value(world, model, solution, dict(when.kwargs)["then"], call)
    return value(world, model, solution, dict(case.kwargs).get("default"), call)


def _concat(world: World, model: str, solution: Solution, concat: Call, call: str) -> str:
    return "".join(_field(world, model, solution, each, call) or "" for each in concat.args)


def _coalesce(world: World, model: str, solution: Solution, coalesce: Call, call: str) -> Any:
    found = (_field(world, model, solution, each, call) for each in coalesce.args)
    return next((each for each in found if each is not None), None)


def _subquery(world: World, model: str, solution: Solution, subquery: Call, call: str) -> Any:
    """Of a subquery the first value, of `Exists` whether there is a row."""
    del call
    found = world.rows(world, _with_outer(subquery.args[0], world, model, solution))
    if subquery.function == "Exists":
        return bool(found)
    return next(iter(found[0].values())) if found else None


def _with_outer(expression: Any, world: World, model: str, solution: Solution) -> Any:
    """The inner query with the outer row's values in the place of `OuterRef`."""
    if isinstance(expression, Call) and expression.function == "OuterRef":
        return _field(world, model, solution, expression.args[0], "")
    if isinstance(expression, Chain):
        steps = tuple(_step_with_outer(step, world, model, solution) for step in expression.steps)
        return Chain(expression.start, steps)
    return expression


def _step_with_outer(step: Any, world: World, model: str, solution: Solution) -> Any:
    if not hasattr(step, "kwargs"):
        return step
    kwargs = tuple((name, _with_outer(each, world, model, solution)) for name, each in step.kwargs)
    return type(step)(step.method, step.args, kwargs)


def _of(change: Callable[[World, Any], Any]) -> Callable[[World, str, Solution, Call, str], Any]:
    """A function of one field, NULL of NULL."""

    def function(world: World, model: str, solution: Solution, expression: Call, call: str) -> Any:
        found = _field(world, model, solution, expression.args[0], call)
        return None if found is None else change(world, found)

    return function


def _month(moment: datetime) -> datetime:
    return datetime(moment.year, moment.month, 1, tzinfo=timezone.utc)


_FUNCTIONS: dict[str, Callable[[World, str, Solution, Call, str], Any]] = {
    "F": _of(lambda _, found: found),
    "Value": lambda _world, _model, _solution, expression, _call: expression.args[0],
    "Case": _case,
    "Length": _of(lambda _, found: len(found)),
    "Upper": _of(lambda world, found: world.dialect.upper(found)),
    "Lower": _of(lambda world, found: world.dialect.lower(found)),
    "Concat": _concat,
    "Coalesce": _coalesce,
    "TruncMonth": _of(lambda _, found: _month(found)),
    "TruncDate": _of(lambda _, found: found.date()),
    "Subquery": _subquery,
    "Exists": _subquery,
}


def is_aggregate(expression: Any) -> bool:
    """Whether an aggregate stands anywhere in it."""
    if isinstance(expression, Infix):
        return is_aggregate(expression.left) or is_aggregate(expression.right)
    return isinstance(expression, Call) and expression.function in AGGREGATES


def aggregate(world: World, model: str, solutions: list[Solution], expression: Any) -> Any:
    """The value of an aggregate over joined rows."""
    if isinstance(expression, Infix):
        sides = (aggregate(world, model, solutions, side) for side in (expression.left, expression.right))
        return _arithmetic(world, expression.operator, *sides)
    if not isinstance(expression, Call) or expression.function not in AGGREGATES:
        raise Unmodelled("an expression that is no aggregate")
    given = dict(expression.kwargs)
    if set(given) - {"filter", "distinct", "default"}:
        raise Unmodelled("arguments of an aggregate")
    if "filter" in given:
        solutions = [each for each in solutions if world.holds(world, model, each, given["filter"], "")]
    if expression.args[0] == "*":
        return len(solutions)
    values = [_field(world, model, each, expression.args[0], "") for each in solutions]
    values = [each for each in values if each is not None]
    found = _SUMMARIES[expression.function](world, set(values) if given.get("distinct") else values)
    return given.get("default") if found is None else found


def _average(world: World, values: Any) -> Any:
    if not values:
        return None
    if any(type(each) is not int for each in values):
        raise Unmodelled("an average of what is no integer")
    found = sum(values) / len(values)
    if world.dialect.vendor != "sqlite" and not found.is_integer():
        raise Unmodelled("each database has its own precision")
    return found


_SUMMARIES: dict[str, Callable[[World, Any], Any]] = {
    "Count": lambda _, values: len(values),
    "Sum": lambda _, values: reduce(operator.add, values) if values else None,
    "Avg": _average,
    "Min": lambda world, values: min(values, key=world.dialect.key, default=None),
    "Max": lambda world, values: max(values, key=world.dialect.key, default=None),
}


def joined(world: World, model: str, solutions: list[Solution], expression: Any, call: str = "") -> list[Solution]:
    """The solutions with the joins that an expression needs."""
    for path in paths(model, expression, call, known_paths(solutions)):
        solutions = join(world, model, solutions, path)
    return solutions


def known_paths(solutions: list[Solution]) -> set[Path]:
    """Every path that is joined, and the names of annotations."""
    found: set[Path] = {path for solution in solutions for path in solution.rows}
    return found | {("annotation", name) for solution in solutions[:1] for name in solution.annotations}

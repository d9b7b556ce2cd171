"""One call of a method, all of it drawn as expressions, and the Python that it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.strategies import Rows
from conformance.strategies.code import Arguments, Attribute, Chain, Name, Pairs, Step, source, source_arguments


@dataclass(frozen=True)
class Invocation:
    """Rows, what the method is called on, which attributes that is given before, and what the method is given.

    Before the call a queryset may have been `evaluated`.
    """

    rows: Rows
    target: Any
    changes: Pairs
    arguments: Arguments
    evaluated: bool = False


def source_of(example: Invocation, name: str) -> tuple[str, str]:
    """Rows are fetched before, line by line, since a coroutine could not; the last line is the call."""
    lines: list[str] = []
    target = _hoisted(example.target, lines)
    args = tuple(_hoisted(value, lines) for value in example.arguments.args)
    kwargs = tuple((keyword, _hoisted(value, lines)) for keyword, value in example.arguments.kwargs)
    if example.changes:
        target = _named(target, lines)
    lines += [f"{source(target)}.{attribute} = {source(value)}" for attribute, value in example.changes]
    if example.evaluated and _is_queryset(target):
        lines += [f"rows = {source(target)}", "len(rows)"]
        target = Name("rows")
    before, on = "".join(f"{line}\n" for line in lines), source(target)
    if name == "__iter__":
        return f"{before}list({on})", f"{before}[row async for row in {on}]"
    given = source_arguments(Arguments(args, kwargs))
    if name == "iterator":
        return f"{before}list({on}.iterator({given}))", f"{before}[row async for row in {on}.aiterator({given})]"
    return f"{before}{on}.{name}({given})", f"{before}await {on}.a{name}({given})"


def _is_queryset(target: Any) -> bool:
    """By its form: what ends in an attribute is a manager, and rows that are fetched have names."""
    return isinstance(target, Chain) and bool(target.steps) and not isinstance(target.steps[-1], Attribute)


def _hoisted(value: Any, lines: list[str]) -> Any:
    """The value with a name in the place of each row that is fetched; `lines` fetch them."""
    if isinstance(value, (list, tuple)):
        return type(value)(_hoisted(each, lines) for each in value)
    if not isinstance(value, Chain):
        return value
    fetched = next((at for at, step in enumerate(value.steps) if isinstance(step, Step) and step.method == "get"), None)
    if fetched is None:
        return value
    row = _named(Chain(value.start, value.steps[: fetched + 1]), lines)
    rest = value.steps[fetched + 1 :]
    return Chain(row, rest) if rest else row


def _named(value: Any, lines: list[str]) -> Name:
    if isinstance(value, Name):
        return value
    name = f"row{len(lines) + 1}"
    lines.append(f"{name} = {source(value)}")
    return Name(name)

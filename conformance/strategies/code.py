"""Python expressions as plain data: drawn and shrunk, made into objects, and printed as a user would write them.

Chain(Name("Post.objects"), (Step("filter", kwargs=(("views__gte", 1),)), Slice(0, 2)))
prints `Post.objects.filter(views__gte=1)[0:2]`
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, reduce
from importlib import import_module
from typing import Any

Pairs = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Name:
    """A name that `NAMES` leads to, with attributes after it: `Q`, `Post.objects`."""

    name: str


@dataclass(frozen=True)
class Call:
    """A call of a named callable."""

    function: str
    args: tuple[Any, ...] = ()
    kwargs: Pairs = ()


@dataclass(frozen=True)
class Step:
    """A method called on what stands before it."""

    method: str
    args: tuple[Any, ...] = ()
    kwargs: Pairs = ()


@dataclass(frozen=True)
class Attribute:
    """An attribute of what stands before it."""

    name: str


@dataclass(frozen=True)
class Slice:
    """A part of what stands before it; `stop` None is the end."""

    start: int | None
    stop: int | None
    step: int | None = None


@dataclass(frozen=True)
class Chain:
    """Steps, attributes and slices, one after the other."""

    start: Any
    steps: tuple[Any, ...] = ()

    def then(self, *steps: Any) -> Chain:
        """The same with more steps."""
        return Chain(self.start, self.steps + steps)


@dataclass(frozen=True)
class Infix:
    """Two operands and an operator between them: `&`, `|`, `^`, `+`, `-`, `*`."""

    left: Any
    operator: str
    right: Any


@dataclass(frozen=True)
class Inverted:
    """`~` before an operand."""

    operand: Any


@dataclass(frozen=True)
class Arguments:
    """What a call is given."""

    args: tuple[Any, ...] = ()
    kwargs: Pairs = ()


# Where each name that an expression may use comes from: `module` or `module:attribute`.
NAMES: dict[str, str] = {
    **{
        name: f"django.db.models:{name}"
        for name in (
            "Avg",
            "Case",
            "CharField",
            "Count",
            "Exists",
            "ExpressionWrapper",
            "F",
            "FilteredRelation",
            "IntegerField",
            "JSONField",
            "Max",
            "Min",
            "OuterRef",
            "Prefetch",
            "Q",
            "StdDev",
            "Subquery",
            "Sum",
            "Value",
            "Variance",
            "When",
            "Window",
        )
    },
    **{
        name: f"django.db.models.functions:{name}"
        for name in ("Coalesce", "Concat", "Length", "Lower", "RowNumber", "TruncDate", "TruncMonth", "Upper")
    },
    **{
        name: f"sample_app.models:{name}"
        for name in (
            "AuditEntry",
            "Booking",
            "Bookmark",
            "Comment",
            "Crate",
            "Draft",
            "Hall",
            "Loan",
            "Measure",
            "Page",
            "Parcel",
            "Post",
            "Profile",
            "PublishedPost",
            "Reaction",
            "Review",
            "Seat",
            "Shelf",
            "Specimen",
            "Sticker",
            "Tag",
            "Volume",
        )
    },
    "User": "django.contrib.auth.models:User",
    "Group": "django.contrib.auth.models:Group",
    "Permission": "django.contrib.auth.models:Permission",
    "ContentType": "django.contrib.contenttypes.models:ContentType",
    "Session": "django.contrib.sessions.models:Session",
    "count": "itertools:count",
    "list": "builtins:list",
    "partial": "functools:partial",
    "str": "builtins:str",
    "datetime": "datetime",
    "Decimal": "decimal:Decimal",
    "UUID": "uuid:UUID",
    "shortcuts": "django.shortcuts",
    "models": "django.db.models",
}


def resolve(value: Any) -> Any:
    """The object that an expression stands for; what is no expression stands for itself."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return type(value)(map(resolve, value))
    if isinstance(value, dict):
        return {resolve(key): resolve(item) for key, item in value.items()}
    resolver = _RESOLVERS.get(type(value))
    return value if resolver is None else resolver(value)


def resolve_arguments(arguments: Arguments) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments as objects."""
    return [resolve(value) for value in arguments.args], {name: resolve(value) for name, value in arguments.kwargs}


@cache
def find(name: str) -> Any:
    """What a dotted name leads to. Raises `KeyError` for a first part that is not in `NAMES`."""
    first, *rest = name.split(".")
    module, _, attribute = NAMES[first].partition(":")
    found = import_module(module)
    for part in ([attribute] if attribute else []) + rest:
        found = getattr(found, part)
    return found


def _chain(chain: Chain) -> Any:
    found = resolve(chain.start)
    for step in chain.steps:
        if isinstance(step, Slice):
            found = found[slice(step.start, step.stop, step.step)]
        elif isinstance(step, Attribute):
            found = getattr(found, step.name)
        else:
            args, kwargs = resolve_arguments(Arguments(step.args, step.kwargs))
            found = getattr(found, step.method)(*args, **kwargs)
    return found


def _call(call: Call) -> Any:
    args, kwargs = resolve_arguments(Arguments(call.args, call.kwargs))
    return find(call.function)(*args, **kwargs)


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "&": lambda left, right: left & right,
    "|": lambda left, right: left | right,
    "^": lambda left, right: left ^ right,
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
}
_BETWEEN = {"__and__": "&", "__or__": "|", "__xor__": "^"}
_RESOLVERS: dict[type, Callable[[Any], Any]] = {
    Name: lambda name: find(name.name),
    Call: _call,
    Chain: _chain,
    Infix: lambda infix: _OPERATORS[infix.operator](resolve(infix.left), resolve(infix.right)),
    Inverted: lambda inverted: ~resolve(inverted.operand),
}


def source(value: Any) -> str:
    """The Python of an expression."""
    printer = _PRINTERS.get(type(value))
    if printer is not None:
        return printer(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(source, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(source, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{source(key)}: {source(item)}' for key, item in value.items())}}}"
    return repr(value)


def source_arguments(arguments: Arguments) -> str:
    """The Python between the parentheses of a call."""
    named = (f"{name}={source(value)}" if name.isidentifier() else "" for name, value in arguments.kwargs)
    return ", ".join([*map(source, arguments.args), *named])


def _followed(text: str, step: Any) -> str:
    """The Python with one step more: a method that is an operator stands between its operands."""
    if isinstance(step, Step) and step.method in _BETWEEN:
        return f"({text} {_BETWEEN[step.method]} {source(step.args[0])})"
    return text + _source_step(step)


def _source_step(step: Any) -> str:
    if isinstance(step, Slice):
        start, stop = ("" if bound is None else str(bound) for bound in (step.start, step.stop))
        return f"[{start}:{stop}]" if step.step is None else f"[{start}:{stop}:{step.step}]"
    if isinstance(step, Attribute):
        return f".{step.name}"
    return f".{step.method}({source_arguments(Arguments(step.args, step.kwargs))})"


_PRINTERS: dict[type, Callable[[Any], str]] = {
    Name: lambda name: name.name,
    Call: lambda call: f"{call.function}({source_arguments(Arguments(call.args, call.kwargs))})",
    Chain: lambda chain: reduce(_followed, chain.steps, source(chain.start)),
    Infix: lambda infix: f"({source(infix.left)} {infix.operator} {source(infix.right)})",
    Inverted: lambda inverted: f"~{source(inverted.operand)}",
}

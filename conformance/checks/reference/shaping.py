"""What a caller gets for a row: an instance, a dictionary, a tuple, one value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from conformance.checks.plain import mask_key, plain
from conformance.checks.reference.joins import Solution, World, locate
from conformance.checks.reference.outcomes import Unmodelled
from conformance.checks.reference.schema import Model, Row, label_of
from conformance.checks.seed import KNOWN_KEYS
from conformance.strategies.code import Call, Step


@dataclass(frozen=True)
class Shape:
    """`kind` is values, tuples, flat or named; `fields` are names of fields and annotations."""

    kind: str
    fields: tuple[str, ...]

    def with_annotations(self, names: tuple[str, ...]) -> Shape:
        """Annotations that come after `values` are given as well."""
        return replace(self, fields=(*self.fields, *names))

    def key(self, world: World, model: str, solution: Solution) -> tuple[Any, ...]:
        """The values, to group by."""
        return tuple(_value(world, model, solution, name) for name in self.fields)

    def value(self, world: World, model: str, solution: Solution) -> Any:
        """What the caller gets."""
        values = self.key(world, model, solution)
        if self.kind == "values":
            return dict(zip(self.fields, values, strict=True))
        if self.kind == "flat":
            return values[0]
        return {"named": tuple(zip(self.fields, values, strict=True))} if self.kind == "named" else values


def _value(world: World, model: str, solution: Solution, name: str) -> Any:
    del world
    if name in solution.annotations:
        return solution.annotations[name]
    target = locate(model, name, "", set(solution.rows))
    row = solution.rows.get(target.path)
    return None if row is None else row[target.field]


Computed = list[tuple[str, Any]]


def asked(meta: Model, step: Step, annotations: tuple[str, ...]) -> tuple[str, tuple[str, ...], Computed]:
    """The kind, the names, and the expressions that `values` or `values_list` is given."""
    given = dict(step.kwargs)
    kind = "values"
    if step.method == "values_list":
        kind = "flat" if given.pop("flat", False) else "named" if given.pop("named", False) else "tuples"
    computed = list(given.items())
    names = []
    for field in step.args:
        if isinstance(field, str):
            names.append(field)
        elif isinstance(field, Call) and field.function == "Length":
            # As Django names what has no name.
            computed.append((f"length{len(names)}", field))
            names.append(f"length{len(names)}")
        else:
            raise Unmodelled("an expression without a name")
    names = names or [*map(meta.attribute, meta.fields), *annotations]
    return kind, (*names, *given), computed


def instance(meta: Model, solution: Solution, loaded: tuple[str, ...] | None, annotations: tuple[str, ...]) -> Any:
    """An instance as the observer sees it: its label, its fields, its annotations."""
    seen = saved(meta, {name: solution.base[name] for name in loaded or meta.fields})
    return {**seen, **{name: solution.annotations[name] for name in annotations}}


def saved(meta: Model, row: Row) -> dict[str, Any]:
    """A saved instance with these fields."""
    keys = {*meta.keys, meta.fields[0]}
    fields = {
        meta.attribute(name): mask_key(value, KNOWN_KEYS) if name in keys else plain(value, KNOWN_KEYS)
        for name, value in row.items()
    }
    return {"model": label_of(meta.name), **fields, "adding": False, "using": "default"}


def loaded(meta: Model, before: tuple[str, ...] | None, step: Step) -> tuple[str, ...] | None:
    """The fields that are loaded after `only` or `defer`."""
    names = step.args
    if names == (None,):
        return None
    if step.method == "defer":
        # What is left out of a related object is nothing of the row's own.
        names = tuple(name for name in names if "__" not in name)
    own = {field for name in names if (field := meta.field(name.partition("__")[0])) is not None}
    if step.method == "only":
        return tuple(name for name in meta.fields if name in {*own, meta.fields[0]})
    return tuple(name for name in before or meta.fields if name not in own - {meta.fields[0]})


def cut(method: str, moment: datetime, kind: str) -> Any:
    """The beginning of the moment's year, month, week, day, hour, minute or second."""
    kept = ["year", "month", "day", "hour", "minute", "second"]
    if kind == "week":
        monday = moment - timedelta(days=moment.weekday())
        parts = [monday.year, monday.month, monday.day]
    else:
        parts = [getattr(moment, name) for name in kept[: kept.index(kind) + 1]]
    whole = datetime(*[*parts, 1, 1][: max(3, len(parts))], tzinfo=timezone.utc)  # type: ignore[misc, arg-type]
    return whole.date() if method == "dates" else whole

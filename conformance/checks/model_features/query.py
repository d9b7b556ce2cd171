"""What a queryset is over the tables in memory: its rows, their order, and the form that they are given in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.checks.model_features.kinds import KINDS, Kind, Row
from conformance.checks.model_features.store import Store
from conformance.checks.model_features.values import of_row, shown_row, value_of
from conformance.checks.model_features.where import LOOKUPS, is_multiplied, names_of, single, wanted
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.strategies.code import Attribute, Call, Chain, Name, Slice, Step


@dataclass(frozen=True)
class Found:
    """Rows of a model in order, each with its annotations; `shape` is the names that are given, and how.

    `order` is empty where the rows have none. `only` are the fields that are loaded, None for all.
    """

    kind: Kind
    rows: tuple[Row, ...]
    order: tuple[str, ...] = ()
    shape: tuple[str, tuple[str, ...]] | None = None
    only: frozenset[str] | None = None
    sliced: bool = False
    named: dict[str, Any] = field(default_factory=dict)
    # Rows of a relation were joined: what is counted of it is counted among those.
    joined: bool = False
    # Set where a related manager was asked: what its new rows have.
    owner: tuple[tuple[str, Any], ...] = ()

    def value(self, store: Store, row: Row) -> Any:
        """What the caller gets for a row."""
        if self.shape is None:
            return {
                **shown_row(self.kind, row, self.only),
                **{name: self.extra(store, name, row) for name in self.named},
            }
        how, names = self.shape
        values = tuple(self.extra(store, name, row) for name in names)
        if how == "values":
            return dict(zip(names, values, strict=True))
        if how == "flat":
            return values[0]
        return {"named": tuple(zip(names, values, strict=True))} if how == "named" else values

    def extra(self, store: Store, name: str, row: Row) -> Any:
        """The value of an annotation or a field."""
        return by_name(store, self, row, name)

    def values(self, store: Store) -> list[Any]:
        """What the caller gets."""
        return [self.value(store, row) for row in self.rows]


def by_name(store: Store, found: Found, row: Row, name: str) -> Any:
    """The value of a name, which may lead over a relation to one row, or be an annotation's."""
    if name in found.named:
        return of_row(store, found.kind, row, found.named[name])
    kind, rest = found.kind, name
    while "__" in rest:
        first, _, rest = rest.partition("__")
        related = store.related(kind, row, first)
        if related is None or len(related[1]) > 1:
            raise Unmodelled("many values of one name")
        kind = related[0]
        if not related[1]:
            return None
        (row,) = related[1]
    return value_of(kind, row, rest)


def find(store: Store, target: Any) -> Found:
    """The rows of a queryset or a manager. Raises `Unmodelled` for what is not known here."""
    if isinstance(target, Name):
        target = Chain(target)
    if not isinstance(target, Chain):
        raise Unmodelled("no queryset")
    found, steps = _begin(store, target)
    for step in steps:
        found = _cut(found, step) if isinstance(step, Slice) else _STEPS[_known(step)](store, found, step)
    return found


def _begin(store: Store, target: Chain) -> tuple[Found, tuple[Any, ...]]:
    if isinstance(target.start, Name) and target.start.name.endswith(".objects"):
        kind = KINDS[target.start.name.partition(".")[0]]
        at = next((at for at, step in enumerate(target.steps) if isinstance(step, Attribute)), None)
        if at is None:
            return Found(kind, tuple(store.tables[kind.name])), target.steps
        owner = one(store, Chain(target.start, target.steps[:at]))
        return _of_owner(store, kind, owner, target.steps[at].name), target.steps[at + 1 :]
    raise Unmodelled("another model")


def _of_owner(store: Store, kind: Kind, owner: Row, name: str) -> Found:
    related = store.related(kind, owner, name)
    if related is None:
        raise Unmodelled("an attribute")
    other, rows = related
    (reference,) = (each for each in other.refers if (each.back, each.model) == (name, kind.name))
    columns = zip(reference.here, (owner[each] for each in reference.there), strict=True)
    return Found(other, tuple(rows), owner=tuple(columns))


def one(store: Store, fetched: Chain) -> Row:
    """The row that `Model.objects.get(...)` fetches."""
    *before, last = fetched.steps
    if not isinstance(last, Step) or last.method != "get":
        raise Unmodelled("an instance that is not fetched")
    found = find(store, Chain(fetched.start, tuple(before)))
    (row,) = (row for row in found.rows if wanted(store, found.kind, row, last.kwargs))
    return row


def asked(store: Store, value: Chain) -> Any:
    """What is compared with: an instance is its key, a queryset its rows' keys, or the columns that it has."""
    if is_instance(value):
        return single(store.key(KINDS[value.start.name.partition(".")[0]], one(store, value)))
    found = find(store, value)
    if found.shape is None:
        return [single(store.key(found.kind, row)) for row in found.rows]
    return [single(tuple(found.extra(store, name, row) for name in found.shape[1])) for row in found.rows]


def _known(step: Any) -> str:
    if not isinstance(step, Step) or step.method not in _STEPS:
        raise Unmodelled(f"{step}")
    return step.method


def _filter(store: Store, found: Found, step: Step) -> Found:
    if found.sliced and (step.args or step.kwargs):
        raise Raises("TypeError")
    rows: list[Row] = []
    for row in found.rows:
        rows += [row] * _times(store, found, row, step)
    names = {name.partition("__")[0] for name, _ in step.kwargs}
    many = any(found.kind.field(name) is None and name not in (*found.named, "pk") for name in names)
    return replace(found, rows=tuple(rows), joined=found.joined or many)


def _times(store: Store, found: Found, row: Row, step: Step) -> int:
    """How often the row is there: once for each related row that fits, where there is one condition on many."""
    conditions = (*step.kwargs, *(("", each) for each in step.args))
    if len(conditions) == 1 and (first := conditions[0][0].partition("__")[0]):
        reference = found.kind.reference(first)
        related = store.related(found.kind, row, first) if reference is None else None
        if related is not None:
            rest, value = conditions[0][0].partition("__")[2] or "pk", conditions[0][1]
            if rest == "isnull":
                return int(not related[1]) if value else len(related[1])
            inner = f"pk__{rest}" if rest in LOOKUPS else rest
            if any(is_multiplied(store, related[0], each, inner) for each in related[1]):
                raise Unmodelled("rows that several relations multiply")
            return sum(wanted(store, related[0], each, ((inner, value),)) for each in related[1])
    if any(is_multiplied(store, found.kind, row, name) for name in names_of(step.kwargs, step.args)):
        raise Unmodelled("rows that a relation multiplies")
    return int(wanted(store, found.kind, row, step.kwargs, step.args, found.named))


def _exclude(store: Store, found: Found, step: Step) -> Found:
    kept = (row for row in found.rows if not wanted(store, found.kind, row, step.kwargs, step.args, found.named))
    return replace(found, rows=tuple(kept))


def _order(store: Store, found: Found, step: Step) -> Found:
    if found.sliced:
        raise Raises("TypeError")
    return replace(found, rows=sort(store, found, step.args), order=step.args)


def sort(store: Store, found: Found, order: tuple[str, ...]) -> tuple[Row, ...]:
    """The rows in an order of names, each with `-` before it or without."""
    rows = list(found.rows)
    for name in reversed([column for each in order for column in _columns(found.kind, each)]):
        bare = name.lstrip("-")

        def key(row: Row, bare: str = bare) -> Any:
            return store.dialect.key(found.extra(store, bare, row))

        rows.sort(key=key, reverse=name.startswith("-"))
    return tuple(rows)


def _columns(kind: Kind, name: str) -> list[str]:
    sign, bare = ("-", name[1:]) if name.startswith("-") else ("", name)
    return [f"{sign}{each}" for each in kind.key] if bare == "pk" else [f"{sign}{bare}"]


def _reverse(store: Store, found: Found, _: Step) -> Found:
    if found.sliced:
        raise Raises("TypeError")
    order = tuple(name[1:] if name.startswith("-") else f"-{name}" for name in found.order)
    return replace(found, rows=sort(store, found, order), order=order)


def _annotate(_: Store, found: Found, step: Step) -> Found:
    counts = any(isinstance(each, Call) and each.function == "Count" for _, each in step.kwargs)
    if found.sliced or step.args or (found.joined and counts):
        raise Unmodelled("annotations of a part")
    shape = found.shape
    if shape is not None:
        if not {*found.kind.key} <= {found.kind.field(name) for name in shape[1]} or shape[0] == "flat":
            raise Unmodelled("groups of several rows")
        shape = (shape[0], (*shape[1], *dict(step.kwargs)))
    return replace(found, named={**found.named, **dict(step.kwargs)}, shape=shape)


def _values(_: Store, found: Found, step: Step) -> Found:
    options = dict(step.kwargs)
    how = "flat" if options.pop("flat", False) else "named" if options.pop("named", False) else "tuples"
    how = "values" if step.method == "values" else how
    if options or not all(isinstance(name, str) for name in step.args):
        raise Unmodelled("expressions in values")
    names = step.args or (*map(found.kind.attribute, found.kind.fields), *found.named)
    if how == "flat" and not step.args:
        # Of every column, the first: deprecated in Django 6.1.
        raise Unmodelled("flat without a name")
    return replace(found, shape=(how, names))


def _loaded(_: Store, found: Found, step: Step) -> Found:
    names = {found.kind.field(name) for name in step.args if isinstance(name, str) and name != "pk"}
    if None in names or found.only is not None:
        raise Unmodelled("other fields")
    chosen = names if step.method == "only" else set(found.kind.fields) - names
    return replace(found, only=frozenset((*chosen, *found.kind.key)))


def _cut(found: Found, part: Slice) -> Found:
    if not found.order and len(found.rows) > 1:
        raise Unmodelled("a part of rows without an order")
    return replace(found, rows=found.rows[part.start : part.stop : part.step], sliced=True)


_STEPS: dict[str, Callable[[Store, Found, Step], Found]] = {
    "all": lambda _store, found, _step: found,
    "using": lambda _store, found, _step: found,
    "select_related": lambda _store, found, _step: found,
    "prefetch_related": lambda _store, found, _step: found,
    "none": lambda _store, found, _step: replace(found, rows=()),
    "filter": _filter,
    "exclude": _exclude,
    "order_by": _order,
    "reverse": _reverse,
    "annotate": _annotate,
    "values": _values,
    "values_list": _values,
    "only": _loaded,
    "defer": _loaded,
}


def is_instance(value: Any) -> bool:
    """Whether an expression is an instance: fetched, or made."""
    if isinstance(value, Chain):
        return bool(value.steps) and isinstance(value.steps[-1], Step) and value.steps[-1].method == "get"
    return isinstance(value, Call) and value.function in KINDS

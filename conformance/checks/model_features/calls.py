"""What the methods of querysets and managers give, and leave in the tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.checks.model_features.aggregates import aggregate
from conformance.checks.model_features.bulk import bulk_create, bulk_update
from conformance.checks.model_features.instances import Instance, insert, made, referred, save
from conformance.checks.model_features.kinds import KINDS, Row
from conformance.checks.model_features.query import Found, is_instance, sort
from conformance.checks.model_features.store import Store
from conformance.checks.model_features.values import of_row, together
from conformance.checks.model_features.where import check_keys, wanted
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.strategies.code import Arguments, Call, Chain, Pairs


def _all(store: Store, found: Found, _: Arguments) -> list[Any]:
    if len(found.rows) > 1 and not found.order:
        raise Unmodelled("rows without an order")
    return found.values(store)


def _iterator(store: Store, found: Found, given: Arguments) -> list[Any]:
    size = given.args[0] if given.args else dict(given.kwargs).get("chunk_size", 1)
    if size <= 0:
        raise Raises("ValueError")
    return _all(store, found, given)


def _first(store: Store, found: Found, _: Arguments) -> Any:
    rows = found.rows if found.order or found.sliced else sort(store, found, ("pk",))
    return found.value(store, rows[0]) if rows else None


def _last(store: Store, found: Found, _: Arguments) -> Any:
    if found.sliced:
        raise Raises("TypeError")
    rows = found.rows if found.order else sort(store, found, ("pk",))
    return found.value(store, rows[-1]) if rows else None


def _extreme(store: Store, found: Found, given: Arguments, *, last: bool) -> Any:
    if found.sliced:
        raise Raises("TypeError")
    if not given.args:
        # There is no `get_latest_by`.
        raise Raises("ValueError")
    rows = sort(store, found, given.args)
    if not rows:
        raise Raises("DoesNotExist")
    return found.value(store, rows[-1 if last else 0])


def _only(store: Store, found: Found, lookups: Pairs, trees: tuple[Any, ...] = ()) -> Row:
    check_keys(found.kind, lookups, trees)
    rows = [row for row in found.rows if wanted(store, found.kind, row, lookups, trees, found.named)]
    if len(rows) != 1:
        raise Raises("MultipleObjectsReturned" if rows else "DoesNotExist")
    return rows[0]


def _get(store: Store, found: Found, given: Arguments) -> Any:
    return found.value(store, _only(store, found, given.kwargs, given.args))


def _contains(store: Store, found: Found, given: Arguments) -> bool:
    (wanted_,) = given.args or tuple(dict(given.kwargs).values())
    if found.shape is not None or not is_instance(wanted_):
        raise Raises("TypeError")
    model = wanted_.start.name.partition(".")[0] if isinstance(wanted_, Chain) else wanted_.function
    if model != found.kind.name:
        return False
    if isinstance(wanted_, Call) and made(store, KINDS[model], wanted_.kwargs).key is None:
        raise Raises("ValueError")
    if found.sliced:
        # It is asked for by a further condition.
        raise Raises("TypeError")
    key = store.key(found.kind, referred(store, wanted_))
    return any(store.key(found.kind, row) == key for row in found.rows)


def _in_bulk(store: Store, found: Found, given: Arguments) -> Any:
    options = dict(given.kwargs)
    name = options.get("field_name", "pk")
    keys = given.args[0] if given.args else options.get("id_list")
    if found.sliced:
        raise Raises("TypeError")
    if keys is not None and not keys:
        return {}
    if found.shape is not None and store.version < (6, 1):
        raise Raises("TypeError")
    kind = found.kind
    if name != "pk" and (kind.field(name) is None or name not in (*kind.unique, *_alone(kind.key))):
        raise Raises("ValueError")
    rows = found.rows if keys is None else _among(store, found, name, keys)
    if found.shape is not None and found.shape[0] == "named" and name not in found.shape[1]:
        # The name is given as well, since such a tuple cannot lose it.
        found = replace(found, shape=("named", (name, *found.shape[1])))
    return {found.extra(store, name, row): found.value(store, row) for row in rows}


def _among(store: Store, found: Found, name: str, keys: Any) -> tuple[Row, ...]:
    return tuple(row for row in found.rows if wanted(store, found.kind, row, ((f"{name}__in", list(keys)),)))


def _alone(key: tuple[str, ...]) -> tuple[str, ...]:
    return key if len(key) == 1 else ()


def _create(store: Store, found: Found, given: Arguments) -> Any:
    return _inserted(store, found, given.kwargs).shown()


def _inserted(store: Store, found: Found, values: Pairs) -> Instance:
    instance = made(store, found.kind, (*values, *found.owner))
    if found.kind.key == ("id",) and instance.key is not None:
        # A key that is the database's to give and is given all the same: it is inserted, not looked for.
        return insert(store, instance)
    save(store, instance, force_insert=True)
    return instance


def _get_or_create(store: Store, found: Found, given: Arguments) -> Any:
    defaults, lookups, _ = _split(given)
    row = _looked_up(store, found, lookups)
    if row is not None:
        return found.value(store, row), False
    return together((_new(store, found, lookups, defaults), True))


def _update_or_create(store: Store, found: Found, given: Arguments) -> Any:
    defaults, lookups, creating = _split(given)
    row = _looked_up(store, found, lookups)
    if row is None:
        return together((_new(store, found, lookups, defaults if creating is None else creating), True))
    instance = Instance(found.kind, dict(row), adding=False)
    names = []
    for name, value in defaults.items():
        field = found.kind.field(name)
        if field is None or field in found.kind.key:
            raise Unmodelled("an attribute that is no field")
        instance.values[field] = value
        names.append(name)
    save(store, instance, update_fields=names)
    return together((instance.shown(), False))


def _split(given: Arguments) -> tuple[dict[str, Any], Pairs, dict[str, Any] | None]:
    options = dict(given.kwargs)
    if given.args:
        raise Unmodelled("defaults by position")
    lookups = tuple(pair for pair in given.kwargs if pair[0] not in ("defaults", "create_defaults"))
    return options.get("defaults") or {}, lookups, options.get("create_defaults")


def _looked_up(store: Store, found: Found, lookups: Pairs) -> Row | None:
    try:
        return _only(store, found, lookups)
    except Raises as raised:
        if raised.name != "DoesNotExist":
            raise
        return None


def _new(store: Store, found: Found, lookups: Pairs, defaults: dict[str, Any]) -> Any:
    values = {name: value for name, value in lookups if "__" not in name} | defaults
    return _inserted(store, found, tuple(values.items())).shown()


def _update(store: Store, found: Found, given: Arguments) -> int:
    if found.sliced:
        raise Raises("TypeError")
    kind = found.kind
    names = {name: kind.field(name) for name, _ in given.kwargs}
    if None in names.values():
        raise Unmodelled("another name")
    # Each row once, and all at one time: none sees what another has become.
    changes = [
        (row, {str(names[name]): of_row(store, kind, row, value) for name, value in given.kwargs})
        for row in {id(row): row for row in found.rows}.values()
    ]
    for row, values in changes:
        store.change(kind, row, values)
    return len(changes) if given.kwargs else 0


def _delete(store: Store, found: Found, _: Arguments) -> Any:
    if found.sliced or found.shape is not None:
        raise Raises("TypeError")
    counts = store.delete(found.kind, list(found.rows))
    return sum(counts.values()), counts


Method = Callable[[Store, Found, Arguments], Any]
METHODS: dict[str, Method] = {
    "__iter__": _all,
    "iterator": _iterator,
    "count": lambda _store, found, _given: len(found.rows),
    "exists": lambda _store, found, _given: bool(found.rows),
    "first": _first,
    "last": _last,
    "latest": lambda store, found, given: _extreme(store, found, given, last=True),
    "earliest": lambda store, found, given: _extreme(store, found, given, last=False),
    "get": _get,
    "contains": _contains,
    "in_bulk": _in_bulk,
    "aggregate": aggregate,
    "create": _create,
    "get_or_create": _get_or_create,
    "update_or_create": _update_or_create,
    "bulk_create": bulk_create,
    "bulk_update": bulk_update,
    "update": _update,
    "delete": _delete,
}
WRITING = {"create", "get_or_create", "update_or_create", "bulk_create", "bulk_update", "update", "delete", "save"}

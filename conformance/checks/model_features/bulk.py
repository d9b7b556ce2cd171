"""What `bulk_create` and `bulk_update` do to the tables, and to the instances that they are given."""

from __future__ import annotations

from typing import Any

from conformance.checks.model_features.instances import Instance, insert, made
from conformance.checks.model_features.kinds import KINDS, Kind, Row
from conformance.checks.model_features.query import Found
from conformance.checks.model_features.store import DEFAULT, Store
from conformance.checks.model_features.values import of_row, together
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.checks.reference.writes import UNKNOWN
from conformance.strategies.code import Arguments


def bulk_create(store: Store, found: Found, given: Arguments) -> Any:
    """The instances as they are then. Nothing is said of them where rows that are taken are passed over."""
    options = dict(given.kwargs)
    objects = given.args[0] if given.args else options["objs"]
    size, ignoring, updating = (options.get(name) for name in ("batch_size", "ignore_conflicts", "update_conflicts"))
    if (size is not None and size <= 0) or (ignoring and updating):
        raise Raises("ValueError")
    kind = found.kind
    if updating and options.get("unique_fields") and store.dialect.vendor == "mysql":
        raise Raises("NotSupportedError")
    if updating and len(kind.key) > 1 and "pk" in options.get("unique_fields", ()):
        # It is no column.
        raise Raises("ValueError")
    instances = [made(store, kind, each.kwargs) for each in objects]
    if any(set(kind.key) & each.expressions for each in instances):
        raise Unmodelled("a key that is an expression")
    # Those with a key of their own come first.
    for each in sorted(instances, key=lambda each: each.key is None):
        _place(store, each, options)
    return UNKNOWN if ignoring else together([each.shown() for each in instances])


def _place(store: Store, instance: Instance, options: dict[str, Any]) -> None:
    kind = instance.kind
    values = {**dict.fromkeys(kind.fields), **instance.values}
    taken = store.taken(kind, values) if options.get("update_conflicts") or options.get("ignore_conflicts") else None
    if taken is None:
        insert(store, instance)
    elif options.get("update_conflicts"):
        _update(store, instance, taken, options)


def _update(store: Store, instance: Instance, row: Row, options: dict[str, Any]) -> None:
    kind = instance.kind
    names = [kind.field(name) or name for name in options["update_fields"]]
    values = store.whole(kind, {name: _put(kind, name, instance.values.get(name)) for name in kind.fields})
    store.change(kind, row, {name: values[name] for name in names})
    given = {name: value for name, value in instance.values.items() if value is not DEFAULT}
    returned = kind.returned
    instance.values = {
        name: row[name] if name in returned else given[name]
        for name in kind.fields
        if name in returned or name in given
    }
    instance.adding = False


def _put(kind: Kind, name: str, value: Any) -> Any:
    return dict(kind.stored).get(name) if value is DEFAULT else value


def bulk_update(store: Store, found: Found, given: Arguments) -> int:
    """How many rows are changed."""
    options = dict(given.kwargs)
    objects, fields = given.args or (options["objs"], options["fields"])
    size, kind = options.get("batch_size"), found.kind
    if (size is not None and size <= 0) or not fields:
        raise Raises("ValueError")
    names = [kind.field(name) for name in fields]
    if None in names or any(each.function not in KINDS for each in objects):
        raise Unmodelled("other fields")
    instances = [made(store, kind, each.kwargs) for each in objects]
    if any(each.key is None for each in instances) or set(names) & set(kind.key):
        raise Raises("ValueError")
    changed = 0
    for each in instances:
        row = next((row for row in found.rows if store.key(kind, row) == each.key), None)
        if row is not None:
            store.change(kind, row, {str(name): of_row(store, kind, row, each.values[str(name)]) for name in names})
            changed += 1
    return changed

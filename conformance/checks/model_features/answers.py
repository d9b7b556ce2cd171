"""What an operation on a model of `sample_app.model_features` gives, and which rows it leaves."""

from __future__ import annotations

from typing import Any

from conformance.checks.model_features.calls import METHODS, WRITING
from conformance.checks.model_features.instances import Instance, assign, fetched, made, save
from conformance.checks.model_features.kinds import KINDS, Row
from conformance.checks.model_features.query import asked, find, is_instance
from conformance.checks.model_features.store import Store
from conformance.checks.model_features.values import together
from conformance.checks.reference import Answer
from conformance.checks.reference.dialect import Dialect
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.strategies.code import Arguments, Call, Pairs
from conformance.strategies.model_features.rows import FeatureRows


def answer(rows: FeatureRows, target: Any, changes: Pairs, call: str, given: Arguments) -> Answer | None:
    """What the model says; None where it does not know."""
    store = _store(rows)
    try:
        if is_instance(target):
            return Answer(_of_instance(store, target, changes, call, given), _tables(store, call))
        if call not in METHODS:
            return None
        value = METHODS[call](store, find(store, target), given)
        return Answer(value, _tables(store, call))
    except Raises as raised:
        return Answer({"raises": raised.name})
    except Unmodelled:
        return None


def _tables(store: Store, call: str) -> dict[str, list[Row]] | None:
    return store.tables if call in WRITING else None


def _store(rows: FeatureRows) -> Store:
    import django
    from django.db import connection

    returning = bool(getattr(connection.features, "can_return_rows_from_update", False))
    store = Store({}, Dialect(connection.vendor), (django.VERSION[0], django.VERSION[1]), returning, asked)
    for name, values in rows.tables:
        store.tables[name] = [store.whole(KINDS[name], dict(row)) for row in values]
    return store


def _of_instance(store: Store, target: Any, changes: Pairs, call: str, given: Arguments) -> Any:
    instance = (
        made(store, KINDS[target.function], target.kwargs) if isinstance(target, Call) else fetched(store, target)
    )
    for name, value in changes:
        assign(store, instance, name, value)
    if given.args or call not in _METHODS:
        raise Unmodelled("another method")
    return together([_METHODS[call](store, instance, dict(given.kwargs)), instance.shown()])


def _save(store: Store, instance: Instance, options: dict[str, Any]) -> None:
    if options.pop("using", "default") != "default":
        raise Unmodelled("another database")
    forced = options.get("force_insert")
    if isinstance(forced, tuple):
        options["force_insert"] = True
    save(store, instance, **options)


def _delete(store: Store, instance: Instance, options: dict[str, Any]) -> Any:
    if options or instance.key is None:
        raise Raises("ValueError") if instance.key is None else Unmodelled("another way")
    kind = instance.kind
    row = store.find(kind, instance.key)
    counts = store.delete(kind, [row]) if row is not None else {}
    instance.values.update(dict.fromkeys(kind.key))
    return sum(counts.values()), counts


def _refresh(store: Store, instance: Instance, options: dict[str, Any]) -> None:
    names = options.pop("fields", None)
    if options or instance.adding:
        raise Unmodelled("another way")
    found = [instance.kind.field(name) for name in names] if names is not None else list(instance.values)
    if None in found:
        raise Unmodelled("another name")
    row = store.find(instance.kind, instance.key or ())
    # Of no field nothing is asked.
    if row is None and found:
        raise Raises("DoesNotExist")
    if row is None:
        return
    instance.values.update({str(name): row[str(name)] for name in found})


_METHODS: dict[str, Any] = {"save": _save, "delete": _delete, "refresh_from_db": _refresh}


def rows_to_seed(rows: FeatureRows, tables: dict[str, list[Row]]) -> list[tuple[type[Any], list[Row]]]:
    """The tables in the form of `checks.seed`, after those that are always there, without computed columns."""
    from conformance.checks.seed import seeded_rows
    from conformance.strategies.code import find as named

    own = [(named(name), [_given(name, row) for row in found]) for name, found in tables.items()]
    return [*seeded_rows(rows), *own]


def _given(name: str, row: Row) -> Row:
    computed = {each.name for each in KINDS[name].computed}
    return {field: value for field, value in row.items() if field not in computed}

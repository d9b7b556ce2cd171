"""What updating, deleting and creating give, and which rows they leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.checks.reference import expressions
from conformance.checks.reference.joins import World
from conformance.checks.reference.meanwhile import called, raced
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.checks.reference.queries import Query, every
from conformance.checks.reference.reads import get, narrowed
from conformance.checks.reference.records import Values, check, insert, made, plain_value, seen, taken
from conformance.checks.reference.schema import MODELS, Row
from conformance.strategies.code import Arguments, Call, Infix

_TABLES = {"PublishedPost": "Post"}


class Unknown:
    """In the place of a value of which the model says nothing."""


UNKNOWN = Unknown()


def table_of(query: Query) -> str:
    """The table that the queryset's rows stand in. Raises `Unmodelled` where they stand in two."""
    if query.model not in ("Post", "PublishedPost", "Comment", "Tag", "Reaction"):
        raise Unmodelled("a model that is not written to")
    return _TABLES.get(query.model, query.model)


def update(world: World, query: Query, given: Arguments) -> int:
    """How many rows are changed."""
    if query.combined:
        raise Raises("NotSupportedError")
    if query.sliced:
        raise Raises("TypeError")
    table = table_of(query)
    meta = MODELS[table]
    for name, _ in given.kwargs:
        relation = meta.relation(name)
        if relation is not None and relation.many:
            raise Raises("FieldError")
        if meta.field(name) is None:
            raise Raises("FieldDoesNotExist")
    changed: dict[Any, Row] = {}
    for solution in query.solutions:
        values = {meta.field(name) or name: _computed(world, table, solution, value) for name, value in given.kwargs}
        changed.setdefault(solution.base["id"], {**solution.base, **values})
    _refused(given)
    for row in changed.values() if given.kwargs else ():
        check(world, table, row)
    if table == "Tag" and len(changed) > 1:
        raise Unmodelled("a unique field of many rows")
    if not given.kwargs:
        if query.order and world.dialect.vendor == "mysql":
            raise Unmodelled("an order without an update, which Django sends to MariaDB")
        return 0
    world.tables[table] = [changed.get(row["id"], row) for row in world.tables[table]]
    return len(changed)


def _refused(given: Arguments) -> None:
    """What is refused also where no row is there."""
    if any(isinstance(value, str) and name in ("views", "count") for name, value in given.kwargs):
        raise Raises("ValueError")


def _computed(world: World, table: str, solution: Any, value: Any) -> Any:
    if isinstance(value, (Call, Infix)):
        for path in expressions.paths(table, value, "", expressions.known_paths([solution])):
            if path:
                raise Raises("FieldError")
        return expressions.value(world, table, solution, value, "")
    return plain_value(value)


def delete(world: World, query: Query, given: Arguments) -> Any:
    """The number of deleted rows, in all and by model."""
    del given
    if query.combined:
        raise Raises("NotSupportedError")
    # What the rows are distinct by, SQLite and MariaDB would refuse later.
    if query.sliced or query.shape is not None or query.fails == "NotSupportedError":
        raise Raises("TypeError")
    if table_of(query) != "Post":
        raise Unmodelled("a model of which nothing is deleted")
    keys = {solution.base["id"] for solution in query.solutions}
    depending = {"Post": "id", "Review": "id", "Comment": "post", "Post_tags": "post", "Reaction": "object_id"}
    counts: dict[str, int] = {}
    for table, column in depending.items():
        kept = [row for row in world.tables[table] if row[column] not in keys]
        if len(kept) < len(world.tables[table]):
            label = query.model if table == "Post" else table
            counts[f"sample_app.{label}"] = len(world.tables[table]) - len(kept)
        world.tables[table] = kept
    return sum(counts.values()), counts


def create(world: World, query: Query, given: Arguments, forced: Values = ()) -> Any:
    """The new row as an instance; `forced` are the values that a manager of related objects gives."""
    table = table_of(query)
    row = insert(world, table, made(table, (*given.kwargs, *forced)))
    return seen(query.model, row)


def get_or_create(world: World, query: Query, given: Arguments, forced: Values = ()) -> Any:
    """The instance, and whether it is new."""
    defaults, lookups = _defaults(given)
    found = _get(world, query, lookups, forced)
    if found is not None:
        return found, False
    other = raced(defaults or {})
    if other is not None:
        return _raced(world, query, other, lookups, forced), False
    return _created(world, query, lookups, defaults or {}, forced), True


def _raced(world: World, query: Query, other: Values, lookups: Values, forced: Values) -> Any:
    """The row that another has created meanwhile, if it is the one that is looked for."""
    if query.filters:
        raise Unmodelled("filters, once more")
    table = table_of(query)
    insert(world, table, made(table, other))
    owned = [each for each in every(world, table).solutions if all(each.base[name] == value for name, value in forced)]
    found = _get(world, replace(query, solutions=owned), lookups, forced)
    if found is None:
        raise Raises("IntegrityError")
    return found


def update_or_create(world: World, query: Query, given: Arguments, forced: Values = ()) -> Any:
    """The instance, and whether it is new."""
    defaults, lookups = _defaults(given)
    creating = given.args[1] if len(given.args) > 1 else dict(given.kwargs).get("create_defaults")
    if world.dialect.vendor == "postgresql" and _may_join(query, lookups):
        raise Unmodelled("the row is locked, and PostgreSQL locks no row that an outer join may lack")
    found = _get(world, query, lookups, forced)
    if found is None:
        return _created(world, query, lookups, creating if creating is not None else defaults or {}, forced), True
    table = table_of(query)
    (row,) = (each for each in world.tables[table] if each["id"] == found["id"])
    read, changes = dict(row), Row()
    for name, value in called(world, table, defaults or {}).items():
        field = MODELS[table].field(name)
        if field is None or field == "id":
            raise Unmodelled("an attribute that is no field")
        changes[field] = plain_value(value)
    check(world, table, {**row, **changes})
    if table == "Tag" and taken(world, table, {**row, **changes, "id": None}) not in (None, row):
        raise Raises("IntegrityError")
    row.update(changes)
    # What another has written meanwhile stays, and is not read again.
    return seen(query.model, {**read, **changes}), False


def _may_join(query: Query, lookups: Values) -> bool:
    """Whether another table may be joined; of filters that leave no row it is not known."""
    joined = any(len(solution.rows) > 1 for solution in query.solutions)
    return joined or (query.filters > 0 and not query.solutions) or any("__" in name for name, _ in lookups)


def _defaults(given: Arguments) -> tuple[Any, Values]:
    options = dict(given.kwargs)
    defaults = given.args[0] if given.args else options.get("defaults")
    lookups = tuple(pair for pair in given.kwargs if pair[0] not in ("defaults", "create_defaults", "through_defaults"))
    return defaults, lookups


def _get(world: World, query: Query, lookups: Values, forced: Values) -> Any:
    names = {name for name, _ in forced}
    pairs = tuple((name, value) for name, value in lookups if name not in names)
    try:
        return get(world, query, Arguments(kwargs=pairs))
    except Raises as raised:
        if raised.name != "DoesNotExist":
            raise
        return None


def _created(world: World, query: Query, lookups: Values, defaults: dict[str, Any], forced: Values) -> Any:
    table = table_of(query)
    values = {name: value for name, value in lookups if "__" not in name} | defaults
    if any(MODELS[table].field(name) is None for name in values):
        raise Raises("FieldError")
    row = insert(world, table, made(table, (*called(world, table, values).items(), *forced)))
    return seen(query.model, row)


def bulk_create(world: World, query: Query, given: Arguments) -> Any:
    """The instances; nothing is said of them where rows that are taken are passed over."""
    options = dict(given.kwargs)
    objects = given.args[0] if given.args else options["objs"]
    size, ignoring, updating = (options.get(name) for name in ("batch_size", "ignore_conflicts", "update_conflicts"))
    table = table_of(query)
    if size is not None and size <= 0:
        raise Raises("ValueError")
    if not isinstance(objects, (list, tuple)):
        raise Raises("TypeError")
    if ignoring and updating:
        raise Raises("ValueError")
    if not objects:
        return objects
    if any(each.function != table for each in objects) or (world.dialect.vendor == "mysql" and updating):
        raise Unmodelled("objects of another model")
    if updating:
        _updating(table, options)
    if any(isinstance(value, Call) for each in objects for _, value in each.kwargs):
        raise Raises("ValueError")
    rows = [made(table, each.kwargs) for each in objects]
    # Those with keys of their own come first.
    order = sorted(range(len(rows)), key=lambda at: rows[at]["id"] is None)
    placed = {at: _placed(world, table, rows[at], options) for at in order}
    if ignoring or (updating and not _tells_keys()):
        return UNKNOWN
    # The key alone is told of a row that was there.
    return [seen(query.model, {**row, "id": placed[at]["id"]}) for at, row in enumerate(rows)]


def _tells_keys() -> bool:
    """Whether rows that were there are told by their keys as well, which the release notes of Django 5.0 promise."""
    import django

    return django.VERSION >= (5, 0)


def _updating(table: str, options: dict[str, Any]) -> None:
    fields, unique = options.get("update_fields"), options.get("unique_fields")
    if not fields or not unique:
        raise Raises("ValueError")
    if any(MODELS[table].field(name) is None for name in (*fields, *unique)):
        raise Raises("FieldDoesNotExist")


def _placed(world: World, table: str, row: Row, options: dict[str, Any]) -> Row:
    found = taken(world, table, row)
    if found is None:
        return insert(world, table, row)
    if options.get("update_conflicts"):
        found.update({name: row[name] for name in options["update_fields"]})
    elif not options.get("ignore_conflicts"):
        raise Raises("IntegrityError")
    return found


def bulk_update(world: World, query: Query, given: Arguments) -> int:
    """How many rows are changed."""
    options = dict(given.kwargs)
    objects, fields = given.args or (options["objs"], options["fields"])
    size, meta = options.get("batch_size"), MODELS[table_of(query)]
    if (size is not None and size <= 0) or not fields:
        raise Raises("ValueError")
    if not isinstance(objects, list):
        raise Unmodelled("objects of a query")
    if any(name == "pk" or (meta.field(name) is None and meta.relation(name) is None) for name in fields):
        raise Raises("FieldDoesNotExist")
    known = [meta.field(name) for name in fields]
    rows = [dict(each.kwargs) for each in objects]
    if any(row.get("pk") is None for row in rows) or None in known or "id" in known:
        raise Raises("ValueError")
    changed = 0
    for row in rows:
        unsaved = {name for name, value in row.items() if isinstance(value, Call) and name == "author"}
        if unsaved & set(known):
            raise Raises("ValueError")
        whole = made("Post", tuple(pair for pair in row.items() if pair[0] not in unsaved))
        here = narrowed(world, query, Arguments(kwargs=(("pk", row["pk"]),)))
        changes = tuple((name, whole[name]) for name in known if name is not None)
        changed += update(world, here, Arguments(kwargs=changes))
    return changed


Write = Callable[..., Any]
WRITES: dict[str, Write] = {
    "update": update,
    "delete": delete,
    "create": create,
    "get_or_create": get_or_create,
    "update_or_create": update_or_create,
    "bulk_create": bulk_create,
    "bulk_update": bulk_update,
}

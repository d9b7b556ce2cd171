"""What saving, deleting and refreshing an instance give, what they leave of it, and which rows they leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.checks.reference import expressions
from conformance.checks.reference.held import Instance
from conformance.checks.reference.joins import Solution, World
from conformance.checks.reference.outcomes import Raises, Unmodelled
from conformance.checks.reference.queries import Query, every
from conformance.checks.reference.records import check, insert, plain_value
from conformance.checks.reference.schema import Row
from conformance.checks.reference.steps import query_of, restrict
from conformance.checks.reference.writes import delete as delete_rows
from conformance.strategies.code import Arguments, Call, Chain, Infix, Step


def _options(given: Arguments, *names: str) -> dict[str, Any]:
    """By name what is given. Raises `Raises` (TypeError) for a name that there is not."""
    options = {**dict(zip(names, given.args, strict=False)), **dict(given.kwargs)}
    if set(options) - set(names):
        raise Raises("TypeError")
    return options


def _connects(options: dict[str, Any]) -> None:
    using = options.get("using")
    if using == "nowhere":
        raise Raises("ConnectionDoesNotExist")
    if using not in (None, "default"):
        raise Unmodelled("another database")


def save(world: World, found: Instance, given: Arguments) -> list[Any]:
    """None, and the instance: its row is updated or inserted."""
    if given.args:
        raise Unmodelled("arguments by position")
    options = _options(given, "force_insert", "force_update", "using", "update_fields")
    if found.unsaved:
        raise Raises("ValueError")
    forced, names = options.get("force_insert", False), options.get("update_fields")
    if forced and (options.get("force_update") or names):
        raise Raises("ValueError")
    if names is not None and not names:
        return [None, *found.shown()]
    columns = _columns(found, names, forced=forced)
    _connects(options)
    if found.key is None and (options.get("force_update") or columns is not None):
        raise Raises("ValueError")
    if found.key is None or forced or not _update(world, found, columns):
        if not forced and found.key is not None and (options.get("force_update") or columns is not None):
            raise Raises(_not_updated())
        _insert(world, found)
    found.adding = False
    return [None, *found.shown()]


def _columns(found: Instance, names: Any, *, forced: Any) -> set[str] | None:
    """The fields that are updated and no others; None for all of them."""
    own = found.meta.fields[0]
    if names is not None:
        columns = {found.meta.field(name) for name in names}
        if None in columns or own in columns:
            raise Raises("ValueError")
        if columns - set(found.values):
            raise Unmodelled("a field that is fetched to be saved")
        return {name for name in columns if name is not None}
    partial = len(found.values) < len(found.meta.fields)
    return set(found.values) - {own} if partial and not forced else None


def _not_updated() -> str:
    import django

    return "NotUpdated" if django.VERSION >= (6, 0) else "DatabaseError"


def _update(world: World, found: Instance, columns: set[str] | None) -> bool:
    row = next((each for each in world.tables[found.table] if each["id"] == found.key), None)
    chosen = {
        name: value for name, value in found.values.items() if name != "id" and (columns is None or name in columns)
    }
    if row is None:
        if any(isinstance(value, str) and name == "views" for name, value in chosen.items()):
            raise Raises("ValueError")
        return False
    solution = Solution({(): row})
    values = {
        name: expressions.value(world, found.table, solution, value, "")
        if isinstance(value, (Call, Infix))
        else plain_value(value)
        for name, value in chosen.items()
    }
    check(world, found.table, {**row, **values})
    row.update(values)
    return True


def _insert(world: World, found: Instance) -> None:
    if len(found.values) < len(found.meta.fields):
        raise Unmodelled("an instance that is fetched to be inserted")
    if any(isinstance(value, Infix) for value in found.values.values()):
        raise Raises("ValueError")
    if any(isinstance(value, Call) for value in found.values.values()):
        raise Unmodelled("a new row's expression")
    found.values = dict(insert(world, found.table, dict(found.values)))


def delete(world: World, found: Instance, given: Arguments) -> list[Any]:
    """How many rows are deleted, in all and by model; and the instance, which has no key any longer."""
    options = _options(given, "using", "keep_parents")
    if found.key is None:
        raise Raises("ValueError")
    _connects(options)
    counts = _deleted(world, found, keep=bool(options.get("keep_parents")))
    # Of an instance of two tables, the parent's key is left.
    found.values["post_ptr" if found.model == "Review" else found.meta.fields[0]] = None
    return [(sum(counts.values()), counts), *found.shown()]


def _deleted(world: World, found: Instance, *, keep: bool) -> dict[str, int]:
    if found.model == "User":
        return _user_deleted(world, found.key)
    if found.model == "Review" and keep:
        world.tables["Review"] = [row for row in world.tables["Review"] if row["id"] != found.key]
        return {"sample_app.Review": 1}
    child, reactions = found.model == "Review", world.tables["Reaction"]
    mine = [each for each in every(world, "Post").solutions if each.base["id"] == found.key]
    if child:
        # What refers to its parent by a content type is not looked for where the child is deleted.
        world.tables["Reaction"] = []
    counts: dict[str, int] = delete_rows(world, Query("Post" if child else found.model, mine), Arguments())[1]
    world.tables["Reaction"] = reactions if child else world.tables["Reaction"]
    return counts


def _user_deleted(world: World, key: Any) -> dict[str, int]:
    for table in ("Post", "Comment"):
        for row in world.tables[table]:
            row["author"] = None if row["author"] == key else row["author"]
    counts = {}
    for table, column in (("User", "id"), ("Profile", "user")):
        kept = [row for row in world.tables[table] if row[column] != key]
        if gone := len(world.tables[table]) - len(kept):
            counts["auth.User" if table == "User" else f"sample_app.{table}"] = gone
        world.tables[table] = kept
    return counts


def refresh(world: World, found: Instance, given: Arguments) -> list[Any]:
    """None, and the instance as its row is now; what was fetched with it is not any longer."""
    options = _options(given, "using", "fields", "from_queryset")
    names = options.get("fields")
    if names is None:
        found.prefetched = set()
    else:
        names = [name for name in names if name not in found.prefetched]
        found.prefetched -= set(options["fields"])
        if not names:
            return [None, *found.shown()]
        if any("__" in name for name in names):
            raise Raises("ValueError")
    _connects(options)
    row, told, joined = _row(world, found, options.get("from_queryset"), names)
    for name in told:
        found.values[name] = row[name]
        if name in found.meta.keys:
            found.fetched.discard(name)
    found.fetched |= joined
    if names is None:
        # Of the others those that another table has.
        found.fetched -= {name for name, _ in found.meta.relations if name not in found.meta.keys}
    return [None, *found.shown()]


def _row(world: World, found: Instance, source: Any, names: Any) -> tuple[Row, list[str], set[str]]:
    """The row, the names of its fields that are read, and the related objects that come with it."""
    told, joined = [name for name in found.meta.fields if name in found.values], set[str]()
    whole = len(told) == len(found.meta.fields)
    query = query_of(world, source) if isinstance(source, Chain) else every(world, found.table)
    for step in source.steps if isinstance(source, Chain) else ():
        if step.method == "select_related":
            joined |= set(step.args)
        elif step.method == "only" and whole:
            told = [name for name in told if name in ("id", *step.args)]
    if names is not None:
        columns = {found.meta.field(name) for name in names}
        if None in columns:
            raise Unmodelled("a name that is no column")
        told = [name for name in found.meta.fields if name in {"id", *columns}]
    if joined - set(told):
        # What is left out of the row cannot be followed.
        raise Raises("FieldError")
    query = restrict(world, query, Step("filter", kwargs=(("pk", found.key),)))
    if not query.solutions:
        raise Raises("DoesNotExist")
    return query.solutions[0].base, told, joined


INSTANCES: dict[str, Callable[[World, Instance, Arguments], list[Any]]] = {
    "save": save,
    "delete": delete,
    "refresh_from_db": refresh,
}

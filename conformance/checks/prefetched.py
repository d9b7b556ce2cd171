"""Whether what is prefetched is what the rows say, and knows whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.checks.elsewhere import alias_of
from conformance.checks.reference.schema import MODELS, Relation, Row, Tables, tables_of
from conformance.strategies import Rows
from conformance.strategies.code import Attribute, Call, Chain, Name


def prefetched_names(target: Any) -> tuple[str, ...]:
    """The relations of posts to many rows of which all are prefetched, as far as the expression says so by name."""
    if not isinstance(target, Chain) or target.start != Name("Post.objects"):
        return ()
    if any(isinstance(step, Attribute) for step in target.steps):
        # What is iterated over are not the posts.
        return ()
    lookups: list[Any] = []
    for step in target.steps:
        if getattr(step, "method", "") == "prefetch_related":
            lookups = [] if step.args == (None,) else [*lookups, *step.args]
    aliases = prefetched_aliases(target)
    own = {each.args[0] for each in lookups if isinstance(each, Call)} - aliases.keys()
    named = (each if isinstance(each, str) else each.args[0] for each in lookups)
    names = dict.fromkeys(name.partition("__")[0] for name in named)
    return tuple(name for name in names if name not in own and _many(name) is not None)


def prefetched_aliases(target: Chain) -> dict[str, str]:
    """Relations that are fetched by querysets of another alias than that of the posts, which these name."""
    steps = [step for step in target.steps if getattr(step, "method", "") == "prefetch_related"]
    given = [each for step in steps for each in step.args if isinstance(each, Call) and len(each.args) > 1]
    return {each.args[0]: alias for each in given if (alias := alias_of(each.args[1])) != "default"}


def _many(name: str) -> Relation | None:
    relation = MODELS["Post"].relation(name)
    return relation if relation is not None and relation.many else None


def with_prefetched_rows(rows: Rows, names: tuple[str, ...], aliases: dict[str, str], value: Any) -> Any:
    """The result; with a word on each relation of which other rows are there than those that belong to it."""
    tables = tables_of(rows)
    posts = [each for each in value if hasattr(each, "_prefetched_objects_cache") or hasattr(each, "_meta")]
    wrong = sorted({name for post in posts for name in names if not _is_right(tables, post, name, aliases)})
    return [value, f"not prefetched as they are: {', '.join(wrong)}"] if wrong else value


def _is_right(tables: Tables, post: Any, name: str, aliases: dict[str, str]) -> bool:
    relation = _many(name)
    assert relation is not None
    found = getattr(post, "_prefetched_objects_cache", {}).get(name)
    if found is None or sorted(each.pk for each in found) != sorted(_keys(tables, relation, post.pk)):
        return False
    if any(each._state.db != aliases.get(name, post._state.db) for each in found):
        return False
    # Each comment knows its post, which was at hand.
    return name != "comments" or all("post" in each._state.fields_cache for each in found)


def _keys(tables: Tables, relation: Relation, key: Any) -> Iterator[Any]:
    if relation.through is not None:
        table, here, there = relation.through
        return (row[there] for row in tables[table] if row[here] == key)
    owned: list[Row] = tables[relation.model]
    return (row["id"] for row in owned if row[relation.column] == key)

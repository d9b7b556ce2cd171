"""The remedy for a repeated query: what loads it with the rows of the loop, or asks for all of it at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pytest_async_orm.messages import remedies as messages
from pytest_async_orm.recording import relations
from pytest_async_orm.recording.batches import asks_the_same
from pytest_async_orm.recording.questions import Question, question_of
from pytest_async_orm.recording.sources import text_at
from pytest_async_orm.records import Query

_CHAIN = re.compile(r"\w+(?:\.\w+)+")
_SELECTED = re.compile(r"\bSELECT (.*?) FROM ")
_COLUMN = re.compile(r"\.[\"`](\w+)[\"`]")
# Methods of a model that take the names of fields to leave out.
_VALIDATES = re.compile(r"\.(?:full_clean|clean_fields|validate_unique|validate_constraints)\(")
# What a prefetched relation answers by itself.
_KEPT = frozenset({"all", "count", "acount", "exists", "aexists", "__aiter__", "__iter__"})


def remedy_for(group: Sequence[Query], queries: Sequence[Query]) -> str:
    """What to do about an N+1, in one sentence, as far as statement, models and source tell.

    `queries` are all that were sent: the rows of the loop come from one of them.
    """
    remedy, first = _of_group(group, queries), group[0]
    if not first.origin.validates or first.origin.related:
        return remedy
    # Django asks on, whatever was asked before.
    return messages.leave_out(remedy, by_argument=bool(_VALIDATES.search(text_at(first.call_site))))


def _of_group(group: Sequence[Query], queries: Sequence[Query]) -> str:
    first = group[0]
    source = text_at(first.call_site)
    for call in ("prefetch_related_objects", "in_bulk"):
        if f"{call}(" in source:
            return messages.once_for_all(call)
    if asks_the_same(group) and not first.origin.related:
        return messages.ask_once()
    question = question_of(group)
    model = None if question is None else relations.model_of(question.table)
    if question is None or model is None:
        return messages.by_one_query()
    if first.origin.refreshes:
        return messages.load_field(_fields(first, model)) if first.origin.related else messages.read_again()
    if question.kind == "index" and not question.conditions:
        return messages.evaluate_once()
    owners = list(_owners(group, queries))
    return _by_relation(question, model, owners, source, first) or _by_hand(question, model)


def _owners(group: Sequence[Query], queries: Sequence[Query]) -> Iterator[Any]:
    """The models whose rows were read before the first of a group, latest first."""
    seen: list[Any] = []
    for query in queries:
        if query is group[0]:
            break
        if query.kind == "read" and query.fingerprint != group[0].fingerprint:
            question = question_of([query])
            seen.append(None if question is None else relations.model_of(question.table))
    yield from dict.fromkeys(model for model in reversed(seen) if model is not None)


def _fields(query: Query, model: Any) -> list[str]:
    """The fields that were left out of the rows, but for the key."""
    selected = _SELECTED.search(query.fingerprint)
    columns = _COLUMN.findall(selected[1]) if selected is not None else []
    fields = [relations.field_of(model, column) for column in columns]
    return [field.name for field in fields if field is not None and not field.primary_key]


def _by_relation(question: Question, model: Any, owners: list[Any], source: str, query: Query) -> str | None:
    for table, column in question.conditions:
        if table == question.table and relations.is_part_of_generic(model, column):
            continue
        if table == question.table and column == model._meta.pk.column:
            return _forward(model, owners, source) if query.origin.related else None
        found = relations.accessor_to(model, table, column)
        between = model._meta.auto_created and question.kind == "rows"
        if found is not None and not between:
            return _backward(question, model, found, owners, source)
    return None


def _forward(model: Any, owners: list[Any], source: str) -> str | None:
    """A row by its key, by an attribute: the other end of a foreign key."""
    chains = [chain.split(".") for chain in _CHAIN.findall(source)]
    for owner in owners:
        paths = relations.paths_to(owner, model)
        followed = relations.aliases_of(paths, chains)
        if followed or paths:
            direct = [path for path in paths if "__" not in path]
            return messages.select_related(followed[:1] or direct or paths[:1], owner.__name__)
        if names := relations.generic_names(owner):
            return messages.prefetch_generic(names, owner.__name__)
    names = sorted(
        {path for owner in relations.models() for path in relations.paths_to(owner, model) if path in source}
    )
    return messages.select_related(names, "") if names else None


def _backward(
    question: Question, model: Any, found: tuple[Any, str, bool], owners: list[Any], source: str
) -> str | None:
    owner, accessor, is_one = found
    path, start = _from_rows(owner, accessor, owners)
    if is_one and question.kind == "rows":
        return messages.select_related([path], start)
    narrowed = question.terms > (2 if _is_generic(owner, accessor) else 1)
    if question.kind == "count":
        return messages.annotate("Count", path, start, narrowed=narrowed)
    if question.kind == "exists":
        return messages.annotate_exists(model.__name__, start)
    if question.kind == "aggregate":
        field = relations.field_of(model, question.column)
        return messages.annotate(
            question.function.title(), f"{path}__{field.name if field is not None else 'pk'}", start, narrowed=narrowed
        )
    methods = set(re.findall(rf"\.{accessor}\.(\w+)\(", source)) - _KEPT
    if narrowed or methods or question.kind in ("first", "index"):
        return messages.prefetch_narrowed(path, start)
    return messages.prefetch(path, start)


def _from_rows(owner: Any, accessor: str, owners: list[Any]) -> tuple[str, str]:
    """The path from the rows of the loop, and their model: the owner's own rows if such were read."""
    for rows in owners:
        if relations.family(owner) & relations.family(rows):
            return accessor, rows.__name__
    for rows in owners:
        if paths := relations.paths_to(rows, owner):
            return f"{paths[0]}__{accessor}", rows.__name__
    return accessor, owner.__name__


def _is_generic(owner: Any, accessor: str) -> bool:
    return any(field.name == accessor for field in owner._meta.private_fields)


def _by_hand(question: Question, model: Any) -> str:
    """No relation, or a row that is asked for by its key: the values of all turns in one condition."""
    name, field = _asked_by(question, model)
    if field is None:
        return messages.by_one_query()
    if question.kind == "count":
        return messages.count_by_one_query(name)
    if question.kind == "exists":
        return messages.exist_by_one_query(model.__name__, name)
    if name == "pk":
        return messages.by_one_query("in_bulk()")
    if field.unique and question.terms == 1 and field.model is model:
        return messages.by_one_query(f'in_bulk(field_name="{name}")')
    return messages.by_one_query(f"filter({name}__in=[...])")


def _asked_by(question: Question, model: Any) -> tuple[str, Any]:
    """The first condition as a keyword of `filter`, also across a join, with its field; None if there is none."""
    for table, column in question.conditions:
        holder = relations.model_of(table)
        field = None if holder is None else relations.field_of(holder, column)
        paths = [""] if holder is model else relations.paths_to(model, holder) if field is not None else []
        if field is not None and paths:
            name = "pk" if field.primary_key and not paths[0] else field.name
            return f"{paths[0]}__{name}".lstrip("_"), field
    return "", None

"""The remedy for a repeated query, found by its shape and the models that the project has."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_async_orm.records import Query

_NAME = r"[\"`]?(\w+)[\"`]?"
_CONDITION = re.compile(rf"(?i)\b(?:WHERE|AND) \(?{_NAME}\.{_NAME} (?:= \?|IN \(\?, \.\.\.\))")
_FROM = re.compile(rf"(?i)\bFROM {_NAME}")
_ASKS = re.compile(r"\.(?:a?get|a?first|a?last|a?exists|filter|get_or_create|aget_or_create|get_object_or_404)\(")
_ANYTHING = "Fetch the rows of all iterations by one query, with filter(pk__in=...) or in_bulk(), before the loop."


def remedy_for(query: Query) -> str:
    """One sentence: which `select_related` or `prefetch_related`, as far as table and condition tell."""
    shape = query.fingerprint
    table = _FROM.search(shape)
    if table is None:
        return _ANYTHING
    for condition in _CONDITION.finditer(shape):
        remedy = _relation(table[1], condition[1], condition[2], by_hand=_is_by_hand(query))
        if remedy:
            return remedy
    return _ANYTHING


def _is_by_hand(query: Query) -> bool:
    """Whether the line that sent a query asks for the row by a key, and does not follow a relation."""
    file, _, line = query.call_site.rpartition(":")
    return line.isdecimal() and _ASKS.search(linecache.getline(str(Path(file).absolute()), int(line))) is not None


def _relation(table: str, conditioned: str, column: str, *, by_hand: bool) -> str | None:
    model = _model_of(table)
    if model is None:
        return None
    if table != conditioned:
        return _through(model, conditioned, column)
    if column == model._meta.pk.column:
        return _ANYTHING if by_hand else _forward(model)
    field = next((field for field in model._meta.concrete_fields if field.column == column), None)
    if field is None:
        return None
    if any(_is_generic(private) and private.ct_field == field.name for private in model._meta.private_fields):
        return None
    if field.remote_field is not None:
        return _backward(field)
    return _generic(model, field)


def _forward(model: Any) -> str | None:
    """A row by its key: the other end of foreign keys to this model."""
    names = sorted({f"{field.model.__name__}.{field.name}" for field in _fields_to(model)})
    if not names:
        return None
    relations = sorted({field.name for field in _fields_to(model)})
    calls = " or ".join(f'select_related("{name}")' for name in relations)
    generic = sorted({field.name for other in _models() for field in other._meta.private_fields if _is_generic(field)})
    calls += "".join(f', for a generic relation prefetch_related("{name}")' for name in generic)
    return f"Use {calls} on the query before the loop ({', '.join(names)}), or in_bulk() for rows by key."


def _is_generic(field: Any) -> bool:
    return hasattr(field, "ct_field")


def _fields_to(model: Any) -> Iterator[Any]:
    from django.apps import apps

    for other in apps.get_models():
        for field in other._meta.concrete_fields:
            if field.remote_field is not None and field.remote_field.model in {model, *model._meta.get_parent_list()}:
                yield field


def _backward(field: Any) -> str | None:
    relation = field.remote_field
    accessor = relation.get_accessor_name()
    if accessor is None:
        return None
    owner = relation.model.__name__
    if relation.one_to_one:
        return f'Use select_related("{accessor}") on the query of {owner} before the loop.'
    return f'Use prefetch_related("{accessor}") on the query of {owner} before the loop.'


def _through(model: Any, table: str, column: str) -> str | None:
    """Rows of one model, told by a row of a joined table: a many-to-many relation."""
    from django.apps import apps

    for owner in apps.get_models(include_auto_created=True):
        if owner._meta.db_table != table:
            continue
        field = next((field for field in owner._meta.concrete_fields if field.column == column), None)
        if field is None or field.remote_field is None:
            return None
        return _many_to_many(owner, field, model)
    return None


def _many_to_many(through: Any, field: Any, model: Any) -> str | None:
    start = field.remote_field.model
    for relation in start._meta.get_fields():
        if not relation.many_to_many or relation.related_model is not model:
            continue
        used = relation.remote_field.through if hasattr(relation, "attname") else relation.through
        if used is through:
            name = relation.name if hasattr(relation, "attname") else relation.get_accessor_name()
            return f'Use prefetch_related("{name}") on the query of {start.__name__} before the loop.'
    return None


def _generic(model: Any, field: Any) -> str | None:
    """The object column of a generic foreign key."""
    for private in model._meta.private_fields:
        if getattr(private, "fk_field", None) == field.name:
            names = sorted(
                f"{other.__name__}.{relation.name}"
                for other in _models()
                for relation in other._meta.private_fields
                if getattr(relation, "object_id_field_name", None) == field.name and relation.related_model is model
            )
            if names:
                name = names[0].rpartition(".")[2]
                return f'Use prefetch_related("{name}") on the query before the loop ({", ".join(names)}).'
    return None


def _models() -> list[Any]:
    from django.apps import apps

    return list(apps.get_models())


def _model_of(table: str) -> Any:
    return next((model for model in _models() if model._meta.db_table == table and not model._meta.proxy), None)

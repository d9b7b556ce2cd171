"""The relations that the project's models have, by the names by which rows are loaded with others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

_STEPS = 3


def models() -> list[Any]:
    """All models, those of many-to-many tables included."""
    from django.apps import apps

    return list(apps.get_models(include_auto_created=True))


def model_of(table: str) -> Any:
    """The model of a table; None if there is none."""
    return next((model for model in models() if model._meta.db_table == table and not model._meta.proxy), None)


def field_of(model: Any, column: str) -> Any:
    """The field of a column; None if there is none."""
    return next((field for field in model._meta.concrete_fields if field.column == column), None)


def family(model: Any) -> set[Any]:
    """A model and those that it inherits from, or is a proxy of."""
    return {model, model._meta.concrete_model, *model._meta.get_parent_list()}


def paths_to(owner: Any, model: Any) -> list[str]:
    """What `select_related` on `owner` takes to load a row of `model`, shorter ones first, of at most three steps."""
    found: list[str] = []
    level: list[tuple[str, Any]] = [("", owner)]
    for _ in range(_STEPS):
        level = [(f"{path}__{name}" if path else name, to) for path, at in level for name, to in _single(at)]
        found += [path for path, to in level if family(model) & family(to)]
    return found


def _single(model: Any) -> Iterator[tuple[str, Any]]:
    """The relations to one row: foreign keys, and one-to-one from both sides."""
    for field in model._meta.get_fields():
        reverse = field.auto_created and not field.concrete
        single = field.one_to_one or (field.many_to_one and not reverse)
        if not (field.is_relation and single) or field.related_model is None:
            continue
        name = field.name if field.concrete else field.get_accessor_name()
        if name and not getattr(field.remote_field, "parent_link", False):
            yield name, field.related_model


def generic_names(owner: Any) -> list[str]:
    """The generic foreign keys of a model."""
    return sorted(field.name for field in owner._meta.private_fields if hasattr(field, "ct_field"))


def accessor_to(question_model: Any, table: str, column: str) -> tuple[Any, str, bool] | None:
    """The model whose rows have those that a condition picks, the name by which, and whether it is only one row.

    `table` and `column` are the condition's: the model's own, or those of a many-to-many table.
    """
    holder = model_of(table)
    field = None if holder is None else field_of(holder, column)
    if field is None:
        return None
    if holder is not question_model and table != question_model._meta.db_table:
        return _many_to_many(holder, field, question_model)
    if field.remote_field is not None:
        if holder._meta.auto_created:
            return _many_to_many(holder, field, None)
        accessor = field.remote_field.get_accessor_name()
        return None if accessor is None else (field.remote_field.model, accessor, field.remote_field.one_to_one)
    return _generic(question_model, field)


def _many_to_many(through: Any, field: Any, model: Any) -> tuple[Any, str, bool] | None:
    """The relation that goes by a table, from the side of one of its keys; `model`: the other side, if it is known."""
    if field.remote_field is None:
        return None
    start = field.remote_field.model
    for relation in start._meta.get_fields():
        if not relation.many_to_many or (model and not family(relation.related_model) & family(model)):
            continue
        own = hasattr(relation, "attname")
        used = relation.remote_field.through if own else relation.through
        if used is through:
            return start, relation.name if own else relation.get_accessor_name(), False
    return None


def _generic(model: Any, field: Any) -> tuple[Any, str, bool] | None:
    """The object column of a generic foreign key, for models that have the generic relation."""
    private = [found for found in model._meta.private_fields if getattr(found, "fk_field", None) == field.name]
    for _, owner in product(private, models()):
        for relation in owner._meta.private_fields:
            if getattr(relation, "object_id_field_name", None) == field.name and relation.related_model is model:
                return owner, relation.name, False
    return None


def is_part_of_generic(model: Any, column: str) -> bool:
    """Whether a column is the content type of a generic foreign key: a condition on it says nothing by itself."""
    field = field_of(model, column)
    return field is not None and any(
        getattr(private, "ct_field", None) == field.name for private in model._meta.private_fields
    )


def aliases_of(paths: Sequence[str], chains: Sequence[Sequence[str]]) -> list[str]:
    """Those of the paths that the source follows: its attributes in a row are the path's names; the longest first."""
    followed = [path for path in paths if any(_holds(chain, path.split("__")) for chain in chains)]
    return sorted(followed, key=len, reverse=True)


def _holds(chain: Sequence[str], names: Sequence[str]) -> bool:
    return any(list(chain[at : at + len(names)]) == list(names) for at in range(len(chain)))

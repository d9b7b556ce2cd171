"""What Django's receivers of `post_migrate` make in an empty database: content types, permissions, the default site.

While nothing that they go by has changed, they would make the same again; so rows of theirs that nobody has touched can
stay. Only numbers would differ: Django's flush makes the rows anew and gives them new primary keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_permission_codename
from django.db import router
from django.db.models import signals
from django.utils.translation import get_language

from pytest_async_orm.flushing.asking import Contents
from pytest_async_orm.flushing.understood import is_djangos
from pytest_async_orm.patches.after_migrate import content_types_in_memory, forget_site, receivers_of

_MODELS = (("contenttypes", "ContentType"), ("auth", "Permission"), ("sites", "Site"))
# Those of Django 4.2 to 6.1; the last has something to do after the renaming of a model alone.
_RECEIVERS = {
    "create_contenttypes", "create_permissions", "create_default_site", "rename_permissions_after_model_rename",
}  # fmt: skip


class Made(NamedTuple):
    """What was made at the last flush of a database, and what its receivers went by."""

    grounds: object | None
    contents: Contents | None
    """None if nothing is known to be there."""
    remembered: list[tuple[str, Any, Any, tuple[Any, ...]]]
    """The content types in memory after it: alias, key, instance, and the instance's values."""


def tables_of(alias: str, tables: Sequence[str]) -> dict[str, str]:
    """The tables of a database that Django's receivers fill, by the label of the model's app."""
    found = {
        label: apps.get_model(label, name) for label, name in _MODELS if apps.is_installed(f"django.contrib.{label}")
    }
    return {
        label: model._meta.db_table
        for label, model in found.items()
        if model._meta.db_table in tables and router.allow_migrate_model(alias, model)
    }


def grounds_of(alias: str, filled: dict[str, str]) -> object | None:
    """What the receivers go by; None if one of them, or of the signals that they send, is not Django's own."""
    if "auth" in filled and "contenttypes" not in filled:
        return None
    receivers = [[*receivers_of(signals.post_migrate, config)] for config in apps.get_app_configs()]
    if not all(_is_known(one) for found in receivers for one in found) or not _is_saved_silently(filled):
        return None
    return (alias, receivers, filled, getattr(settings, "SITE_ID", 1), get_language(), _models())


def _is_known(receiver: Any) -> bool:
    return is_djangos(receiver) and receiver.__code__.co_name in _RECEIVERS


def _is_saved_silently(filled: dict[str, str]) -> bool:
    """Whether nobody but Django hears of the default site, the one row that is made by `save`."""
    if "sites" not in filled:
        return True
    site = apps.get_model(*_MODELS[-1])
    sent = (signals.pre_init, signals.post_init, signals.pre_save, signals.post_save)
    return all(is_djangos(one) for signal in sent for one in receivers_of(signal, site))


def _models() -> list[object]:
    """Everything of models that shows in content types and permissions."""
    return [
        (config.label, config.models_module is None, [_facts(model._meta) for model in config.get_models()])
        for config in apps.get_app_configs()
    ]


def _facts(meta: Any) -> tuple[Any, ...]:
    permissions = tuple(map(tuple, meta.permissions)), tuple(meta.default_permissions)
    return meta.db_table, meta.model_name, meta.managed, meta.proxy, meta.swapped, *permissions, str(meta.verbose_name)


def no_contents() -> Contents:
    """Those of no table at all."""
    return Contents({}, None)


def remember(grounds: object, filled: dict[str, str], contents: Contents) -> Made | None:
    """What was made just now; None if there is more or less than Django's receivers make."""
    expected = _expected()
    if {filled[label]: expected[label] for label in filled} != contents.counts:
        return None
    return Made(grounds, contents, _content_types() if "contenttypes" in filled else [])


def _expected() -> dict[str, int]:
    """How many rows there are to be, by the label of the app that has their table."""
    models = [model for config in apps.get_app_configs() if config.models_module for model in config.get_models()]
    return {"contenttypes": len(models), "auth": sum(len(_codenames(model._meta)) for model in models), "sites": 1}


def _codenames(meta: Any) -> set[str]:
    return {
        *(get_permission_codename(action, meta) for action in meta.default_permissions),
        *(codename for codename, _ in meta.permissions),
    }


def _content_types() -> list[tuple[str, Any, Any, tuple[Any, ...]]]:
    return [
        (alias, key, kind, _values(kind))
        for alias, known in content_types_in_memory(_manager()).items()
        for key, kind in known.items()
    ]


def _manager() -> Any:
    return apps.get_model("contenttypes", "ContentType").objects


def _values(kind: Any) -> tuple[Any, ...]:
    return kind.pk, kind.app_label, kind.model


def restore(made: Made, filled: dict[str, str]) -> None:
    """Leave in memory what Django's receivers leave there."""
    if "contenttypes" in filled:
        _manager().clear_cache()
        known = content_types_in_memory(_manager())
        for alias, key, kind, values in made.remembered:
            known.setdefault(alias, {})[key] = kind if _values(kind) == values else _again(alias, kind, values)
    if "sites" in filled:
        forget_site(getattr(settings, "SITE_ID", 1))


def _again(alias: str, kind: Any, values: tuple[Any, ...]) -> Any:
    return type(kind).from_db(alias, ["id", "app_label", "model"], values)

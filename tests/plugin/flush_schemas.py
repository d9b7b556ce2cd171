"""Generated schemas and writes, made alike on two databases.

A schema is a list of models: each refers to others and to itself, in circles too, inherits from an earlier one, has
relations of many to many, and perhaps a content type. The models live in the sample app, so that Django makes content
types and permissions for them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import connections, models, transaction
from hypothesis import strategies as st

ALIASES = ("default", "other")
LABEL = "sample_app"
# A table that no model has: no flush may touch it.
ASIDE = "flush_aside"
# More rows than are deleted one by one.
MANY = 1500
_NUMBERS = itertools.count()


class Spec(NamedTuple):
    """One model: the positions of those that it refers to, of its parent, and of those that it has many of."""

    refers_to: tuple[int, ...]
    parent: int | None
    many: tuple[int, ...]
    of_content_type: bool


@st.composite
def schemas(draw: st.DrawFn) -> list[Spec]:
    size = draw(st.integers(1, 4))
    position = st.integers(0, size - 1)
    return [
        Spec(
            tuple(draw(st.lists(position, max_size=2, unique=True))),
            draw(st.none() | st.integers(0, index - 1)) if index else None,
            tuple(draw(st.lists(position, max_size=1))),
            draw(st.booleans()),
        )
        for index in range(size)
    ]


def _attributes(spec: Spec, names: list[str], index: int) -> dict[str, Any]:
    prefix = f"f{index}"
    options = {"null": True, "related_name": "+"}
    found: dict[str, Any] = {"__module__": f"{LABEL}.models", f"{prefix}_text": models.TextField(default="x")}
    for target in spec.refers_to:
        found[f"{prefix}_to{target}"] = models.ForeignKey(f"{LABEL}.{names[target]}", models.CASCADE, **options)
    for target in spec.many:
        found[f"{prefix}_many{target}"] = models.ManyToManyField(f"{LABEL}.{names[target]}", related_name="+")
    if spec.of_content_type:
        found[f"{prefix}_kind"] = models.ForeignKey(ContentType, models.CASCADE, **options)
    return found | {"Meta": type("Meta", (), {"app_label": LABEL})}


def _models_of(specs: list[Spec]) -> list[type[models.Model]]:
    start = next(_NUMBERS)
    names = [f"Flushed{start}x{index}" for index in range(len(specs))]
    made: list[type[models.Model]] = []
    for index, spec in enumerate(specs):
        base = models.Model if spec.parent is None else made[spec.parent]
        made.append(type(names[index], (base,), _attributes(spec, names, index)))
    return made


def _forget(names: set[str]) -> None:
    for name in names:
        del apps.all_models[LABEL][name]
    apps.clear_cache()


@contextmanager
def tables_of(*made: type[models.Model]) -> Iterator[None]:
    """The tables of models, on both databases."""
    for alias in ALIASES:
        with connections[alias].schema_editor() as editor:
            for model in made:
                editor.create_model(model)
    try:
        yield
    finally:
        for alias in ALIASES:
            connection = connections[alias]
            with connection.constraint_checks_disabled(), connection.schema_editor() as editor:
                for model in reversed(made):
                    editor.delete_model(model)


@contextmanager
def schema(specs: list[Spec]) -> Iterator[list[type[models.Model]]]:
    """A schema's models, with their tables."""
    before = set(apps.all_models[LABEL])
    try:
        made = _models_of(specs)
        with tables_of(*made):
            yield made
    finally:
        _forget(set(apps.all_models[LABEL]) - before)


Write = Callable[[str, list[type[models.Model]]], None]
"""One write on a database, by its alias, with a schema's models."""


def _rows(alias: str, model: type[models.Model], count: int = 3) -> list[Any]:
    made = []
    for _ in range(count):
        row = model(pk=None)
        for field in model._meta.concrete_fields:
            if field.many_to_one and field.related_model is ContentType:
                kind = ContentType.objects.using(alias).filter(app_label="auth", model="group").first()
                setattr(row, field.attname, kind and kind.pk)
        row.save(using=alias)
        made.append(row)
    return made


def insert(index: int) -> Write:
    """Rows that refer to one another, in circles where the schema has any."""

    def write(alias: str, made: list[type[models.Model]]) -> None:
        model = made[index % len(made)]
        with transaction.atomic(using=alias):
            for row in _rows(alias, model):
                _refer(alias, row)

    return write


def _refer(alias: str, row: models.Model) -> None:
    for field in row._meta.concrete_fields:
        target = field.related_model
        if field.many_to_one and target is not ContentType:
            setattr(row, field.attname, (target.objects.using(alias).first() or _rows(alias, target, 1)[0]).pk)
    row.save(using=alias)
    for field in row._meta.many_to_many:
        getattr(row, field.name).set([_rows(alias, field.related_model, 1)[0]])


def empty_again(index: int) -> Write:
    """A table that is empty in the end, and whose sequence was used."""

    def write(alias: str, made: list[type[models.Model]]) -> None:
        model = made[index % len(made)]
        _rows(alias, model)
        model.objects.using(alias).all().delete()

    return write


def roll_back(index: int) -> Write:
    """What nobody ever sees, except sequences."""

    def write(alias: str, made: list[type[models.Model]]) -> None:
        with transaction.atomic(using=alias):
            _rows(alias, made[index % len(made)])
            transaction.set_rollback(True, using=alias)

    return write


def fill(index: int) -> Write:
    """Many rows."""

    def write(alias: str, made: list[type[models.Model]]) -> None:
        roots = [model for model in made if not model._meta.parents]
        model = roots[index % len(roots)]
        model.objects.using(alias).bulk_create([model() for _ in range(MANY)])

    return write


def far_key(index: int) -> Write:
    """A primary key that no sequence has given."""

    def write(alias: str, made: list[type[models.Model]]) -> None:
        roots = [model for model in made if not model._meta.parents]
        roots[index % len(roots)](pk=100_000 + index).save(using=alias)

    return write


def add_kind(index: int) -> Write:
    """A content type that no model has."""
    return lambda alias, _: ContentType.objects.using(alias).get_or_create(app_label="gone", model=f"m{index}") and None


def add_kind_and_delete_it(index: int) -> Write:
    """The sequence of content types, which gives later keys then."""

    def write(alias: str, _: list[type[models.Model]]) -> None:
        ContentType.objects.using(alias).create(app_label="gone", model=f"d{index}").delete()

    return write


def replace_permission(index: int) -> Write:
    """As many permissions as before, and one of them is another."""

    def write(alias: str, _: list[type[models.Model]]) -> None:
        permission = Permission.objects.using(alias).order_by("codename", "pk")[index]
        kind = permission.content_type_id
        permission.delete()
        Permission(codename=f"p{index}", name="p", content_type_id=kind).save(using=alias)

    return write


def rename_permission(index: int) -> Write:
    """A permission of the same key with another name."""

    def write(alias: str, _: list[type[models.Model]]) -> None:
        permission = Permission.objects.using(alias).order_by("codename", "pk")[index]
        Permission.objects.using(alias).filter(pk=permission.pk).update(name=f"renamed {index}")

    return write


def join_group(index: int) -> Write:
    """Rows that refer to permissions, which stay."""

    def write(alias: str, _: list[type[models.Model]]) -> None:
        group = Group(name=f"g{index}")
        group.save(using=alias)
        group.permissions.set(Permission.objects.using(alias).order_by("codename", "pk")[:3])
        user = User(username=f"u{index}")
        user.save(using=alias)
        user.groups.add(group)

    return write


def reset_sequences(_: int) -> Write:
    """What Django does before a test that asks for it."""

    def write(alias: str, _: list[type[models.Model]]) -> None:
        connection = connections[alias]
        statements = connection.ops.sequence_reset_by_name_sql(no_style(), connection.introspection.sequence_list())
        with transaction.atomic(using=alias), connection.cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)

    return write


WRITES = (
    insert, empty_again, roll_back, fill, far_key, add_kind, add_kind_and_delete_it, replace_permission,
    rename_permission, join_group, reset_sequences,
)  # fmt: skip


class Named(NamedTuple):
    """A write that an example can be read by."""

    name: str
    index: int

    def __call__(self, alias: str, made: list[type[models.Model]]) -> None:
        kinds = {write.__name__: write for write in WRITES}
        kinds[self.name](self.index)(alias, made)


def rounds() -> st.SearchStrategy[list[list[Named]]]:
    """The writes of some tests in turn."""
    write = st.builds(Named, st.sampled_from([write.__name__ for write in WRITES]), st.integers(0, 5))
    return st.lists(st.lists(write, max_size=4, unique=True), min_size=1, max_size=3)

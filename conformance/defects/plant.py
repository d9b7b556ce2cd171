"""Put a defect into this process, by name: `OPERATION/KIND`, or one of the special ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.case import ExitCode, SuiteError
from conformance.defects import special, wrappers
from conformance.defects.calls import passing
from conformance.defects.generated import Name, plant_generated
from conformance.defects.places import on_first_use

_KINDS = {
    "wrong-result": wrappers.wrong_result,
    "extra-query": wrappers.extra_query,
    "lost-write": wrappers.lost_write,
}
_ITERATION_KINDS = {
    "wrong-result": wrappers.iteration_drops_first,
    "extra-query": wrappers.iteration_extra_query,
}
_QUERYSET = ("acount", "aexists", "aget", "afirst", "alast", "aupdate", "adelete", "acreate", "aaggregate")
_MODEL = ("asave", "adelete", "arefresh_from_db")
_M2M = ("aadd", "aset", "aremove", "aclear")


def plant(name: str) -> None:
    """Plant the defect. Raises `SuiteError` (usage) for a name that does not exist."""
    generated = Name.parse(name)
    if generated is not None:
        plant_generated(generated)
        return
    defects = _defects()
    if name not in defects:
        raise SuiteError(
            f"There is no planted defect called {name!r}.",
            f"The defects are: {', '.join(sorted(defects))}.",
            ExitCode.USAGE,
        )
    defects[name]()


def defect_names() -> frozenset[str]:
    """Every defect that was made by hand; what generators make is planted by its name as well."""
    return frozenset(_defects())


def _defects() -> dict[str, Callable[[], None]]:
    defects: dict[str, Callable[[], None]] = dict(special.SPECIAL)
    for operation, owner, method in _operations():
        for kind, wrap in _KINDS.items():
            defects[f"{operation}/{kind}"] = _wrapping(owner, method, wrap)
    defects["control/noop"] = _wrap_everything
    for kind, wrap_iteration in _ITERATION_KINDS.items():
        defects[f"queryset.aiter/{kind}"] = _wrapping_iteration(wrap_iteration)
    return defects


def _operations() -> list[tuple[str, Callable[[], Any], str]]:
    """Each operation with its owner, asked for late because Django may not be set up yet."""
    return [
        *((f"queryset.{name}", _queryset, name) for name in _QUERYSET),
        *((f"model.{name}", _model, name) for name in _MODEL),
        *((f"m2m.{name}", _many_to_many, name) for name in _M2M),
        ("related.acreate", _reverse_foreign_key, "acreate"),
        ("shortcuts.aget_object_or_404", _shortcuts, "aget_object_or_404"),
    ]


def _wrap_everything() -> None:
    """The control: every operation that a check asks for is wrapped as a defect would wrap it, and does what it did."""
    on_first_use(None, passing(lambda _: None, lambda _: None))


def _queryset() -> Any:
    from django.db.models import QuerySet

    return QuerySet


def _model() -> Any:
    from django.db.models import Model

    return Model


def _shortcuts() -> Any:
    from django import shortcuts

    return shortcuts


def _reverse_foreign_key() -> Any:
    from sample_app.models import Post

    return type(Post(pk=1).comments)


def _many_to_many() -> Any:
    from sample_app.models import Post

    return type(Post(pk=1).tags)


def _wrapping(owner: Callable[[], Any], method: str, wrap: Callable[..., Any]) -> Callable[[], None]:
    def put_in() -> None:
        target = owner()
        setattr(target, method, wrap(getattr(target, method), method))

    return put_in


def _wrapping_iteration(wrap: Callable[..., Any]) -> Callable[[], None]:
    def put_in() -> None:
        queryset = _queryset()
        queryset.__aiter__ = wrap(queryset.__aiter__)

    return put_in

"""Ask the installed Django itself which asynchronous names it has: a new release then shows what is new in it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

# What needs a library of its own to be imported, what is for Django's own tests, and what is no code of Django's API.
_LEFT_OUT = (
    "django.conf.",
    "django.contrib.gis",
    "django.contrib.postgres",
    "django.db.backends.oracle",
    "django.db.migrations",
)
_PROTOCOL = ("__aiter__", "__anext__", "__aenter__", "__aexit__", "__acall__", "__call__", "__await__")


def public_names() -> dict[str, Callable[..., Any]]:
    """From `module.Class.name` or `module.name` to the callable: coroutine functions, asynchronous generators, and
    methods that only hand on to one, as a manager's do. Django must be set up.
    """
    found: dict[str, Callable[..., Any]] = {}
    for module in _modules():
        for name, value in list(vars(module).items()):
            if getattr(value, "__module__", None) != module.__name__ or name.startswith("_"):
                continue
            if type(value) is type or issubclass(type(value), type):
                found.update(_of_class(f"{module.__name__}.{name}", value))
            elif _is_asynchronous(value):
                found[f"{module.__name__}.{name}"] = value
    for label, owner in _made_in_functions():
        found.update(_of_class(label, owner))
    return dict(sorted(found.items()))


def _modules() -> Iterator[Any]:
    import django

    for info in pkgutil.walk_packages(django.__path__, "django.", onerror=lambda _: None):
        if any(info.name.startswith(prefix) for prefix in _LEFT_OUT) or ".management." in info.name:
            continue
        try:
            yield importlib.import_module(info.name)
        except Exception:  # noqa: BLE001 - an optional library or a setting that it needs is not there
            continue


def _of_class(label: str, owner: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, value in list(vars(owner).items()):
        function = getattr(value, "__func__", value)
        if name.startswith("_") and name not in _PROTOCOL:
            continue
        protocol = name in _PROTOCOL and name != "__call__"
        if protocol or _is_asynchronous(function) or _hands_on(owner, name, function):
            yield f"{label}.{name}", function


def _is_asynchronous(function: Any) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _hands_on(owner: type, name: str, function: Any) -> bool:
    """A plain function that is named as the asynchronous twin of a method beside it."""
    return name.startswith("a") and inspect.isfunction(function) and callable(getattr(owner, name[1:], None))


def _made_in_functions() -> Iterator[tuple[str, type]]:
    """The base of all managers, made from the queryset's class, and the managers of each kind of relation."""
    from django.contrib.auth.models import User
    from django.db.models import Manager

    from sample_app.models import Post

    yield "django.db.models.Manager", next(each for each in Manager.__mro__ if "filter" in vars(each))
    # As the sample app has them.
    for label, relation in (
        # Of a foreign key that may be NULL, since only its manager can remove.
        ("RelatedManager", User.posts),
        ("ManyRelatedManager", Post.tags),
        ("GenericRelatedObjectManager", Post.reactions),
    ):
        descriptor: Any = relation
        yield label, descriptor.related_manager_cls

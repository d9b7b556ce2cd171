"""From logical operations to callables, so that no check names an attribute that a backend may have renamed.

A third-party backend subclasses `Adapter` and names its class in the setting `ASYNC_ORM_CONFORMANCE_ADAPTER`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from conformance.checks.outcomes import Absent


class Adapter:
    """Django's own names: the asynchronous twin of `name` is `aname` on the same object."""

    def manager(self, model: type[Any]) -> Any:
        """The manager through which the model's rows are asked for."""
        return model._default_manager

    def sync(self, target: Any, name: str) -> Callable[..., Any]:
        """The synchronous operation of `target` (a queryset, manager, instance, module or request).

        Raises `Absent` where this version has none.
        """
        operation: Callable[..., Any] | None = getattr(target, name, None)
        if operation is None:
            raise Absent(f"{_describe(target)} has no {name}")
        return operation

    def asynchronous(self, target: Any, name: str) -> Callable[..., Awaitable[Any]]:
        """The asynchronous twin of `sync(target, name)`. Raises `Absent` where this version has none."""
        operation: Callable[..., Awaitable[Any]] | None = getattr(target, f"a{name}", None)
        if operation is None:
            raise Absent(f"{_describe(target)} has no a{name}")
        return operation

    def iterate(self, iterable: Any) -> AsyncIterator[Any]:
        """What `async for` runs over. Raises `Absent` where it cannot."""
        if not hasattr(iterable, "__aiter__"):
            raise Absent(f"{_describe(iterable)} cannot be iterated with `async for`")
        iterator: AsyncIterator[Any] = aiter(iterable)
        return iterator


def load_adapter() -> Adapter:
    """The adapter that the settings name, or Django's own."""
    from django.conf import settings
    from django.utils.module_loading import import_string

    path = getattr(settings, "ASYNC_ORM_CONFORMANCE_ADAPTER", None)
    adapter: Adapter = import_string(path)() if path else Adapter()
    return adapter


def _describe(target: Any) -> str:
    return getattr(target, "__name__", None) or type(target).__name__

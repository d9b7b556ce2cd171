"""The two sides of an operation that is named after its synchronous twin."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from types import ModuleType
from typing import Any

from conformance.checks.experiments import Overriding, Sides
from conformance.checks.instruments import declare
from conformance.checks.instruments.probe import touch
from conformance.checks.outcomes import Refused
from conformance.checks.stage import Stage, Trace


def operation(stage: Stage, target: Any, name: str, /, *args: Any, held: tuple[Any, ...] = (), **kwargs: Any) -> Sides:
    """The two sides of a method (`name` is its synchronous name). Raises `Absent` where this version has none."""
    sync, asynchronous = stage.adapter.sync(target, name), stage.adapter.asynchronous(target, name)
    return Sides(
        sync=lambda: stage.adapter.sync(target, name)(*args, **kwargs),
        asynchronous=lambda: stage.adapter.asynchronous(target, name)(*args, **kwargs),
        held=(target, *held),
        declared=(declare(sync), declare(asynchronous)),
        overriding=_overriding(target, name),
    )


def mapped(sides: Sides, change: Callable[[Any], Any]) -> Sides:
    """What both sides give, in a form that shows more."""

    async def asynchronous() -> Any:
        return change(await sides.asynchronous())

    return replace(sides, sync=lambda: change(sides.sync()), asynchronous=asynchronous)


def _overriding(target: Any, name: str) -> Overriding | None:
    """None for a function of a module. Of a manager's methods that Django copies from the queryset's class, nothing can
    be overridden but the queryset itself.
    """
    if isinstance(target, ModuleType):
        return None
    copied = hasattr(target, "get_queryset") and not inspect.iscoroutinefunction(getattr(target, f"a{name}"))
    return overriding_method(target, "get_queryset" if copied else name)


def overriding_method(target: Any, name: str) -> Overriding:
    """A block in which the target is of a subclass that overrides the method; it gives how often that was called."""
    return overriding_methods(target, (name,))


def overriding_methods(target: Any, names: tuple[str, ...]) -> Overriding:
    """The same with several methods, whose calls are counted together."""

    @contextmanager
    def overriding() -> Iterator[Callable[[], int]]:
        calls: list[None] = []
        methods = {name: _counting(getattr(type(target), name), calls) for name in names}
        with _as_subclass(target, methods):
            yield lambda: len(calls)

    return overriding


def overriding_each(targets: Iterable[Any], name: str) -> Overriding:
    """The same of several targets, of which each side has its own."""

    @contextmanager
    def overriding() -> Iterator[Callable[[], int]]:
        with ExitStack() as stack:
            counts = [stack.enter_context(overriding_method(target, name)()) for target in targets]
            yield lambda: sum(count() for count in counts)

    return overriding


def _counting(original: Any, calls: list[None]) -> Any:
    of_the_class = inspect.ismethod(original)
    function = original.__func__ if of_the_class else original

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(None)
        touch()
        return function(self, *args, **kwargs)

    return classmethod(method) if of_the_class else method


@contextmanager
def _as_subclass(target: Any, methods: dict[str, Any]) -> Iterator[None]:
    """A model's subclass would be another model: there the instance has the methods."""
    real = type(target)
    if hasattr(target, "_meta"):
        for name, method in methods.items():
            setattr(target, name, method.__get__(target))
        yield
        for name in methods:
            delattr(target, name)
    else:
        target.__class__ = type(real.__name__, (real,), {**methods, "__module__": real.__module__})
        yield
        target.__class__ = real


def trace_both(stage: Stage, example: Any, prepare: Callable[[Stage, Any], Sides]) -> tuple[Trace, Trace]:
    """Seed and run the synchronous side, seed again and run the asynchronous one."""
    stage.seed(example.rows)
    sync = stage.trace_sync(prepare(stage, example).sync)
    stage.seed(example.rows)
    asynchronous = stage.trace_async(prepare(stage, example).asynchronous)
    return sync, asynchronous


def refuse(asynchronous: Trace) -> None:
    """A documented refusal before any statement is not a failure: it is loud."""
    from django.core.exceptions import SynchronousOnlyOperation

    if isinstance(asynchronous.error, SynchronousOnlyOperation) and not asynchronous.statements:
        raise Refused(f"{type(asynchronous.error).__qualname__}: {asynchronous.error}")

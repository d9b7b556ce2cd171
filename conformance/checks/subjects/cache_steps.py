"""A cache as a state machine: several calls one after the other, on every backend, against a dictionary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.instruments.clock import CLOCK, still
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.checks.subjects.cache import HOLDING, METHODS, NO_ROWS, OPTIONS, Call
from conformance.checks.subjects.cache_backends import BACKENDS, Backend, contents, expected_contents
from conformance.checks.twins import overriding_methods
from conformance.strategies import Rows

WAIT = "wait"
_OFTEN = ("get", "set", "add", "touch", "delete", "incr", "decr", "get_or_set", "has_key", "incr_version")
_PRIMITIVES = ("get", "set", "add", "touch", "delete")


@dataclass(frozen=True)
class CacheSteps:
    """A cache's parameters, and what is called on it; `wait` lets so many seconds pass."""

    options: tuple[tuple[str, Any], ...]
    steps: tuple[Call, ...]
    rows: Rows = NO_ROWS


def _portable(call: Call) -> bool:
    return not call.args or not isinstance(call.args[0], str) or len(call.args[0]) == 1


def _usual(call: Call) -> bool:
    """Of the one key that most calls are about, under the version that most are."""
    return call.args[:1] == ("a",) and "version" not in dict(call.kwargs)


_STEPS = [call for name, found in METHODS.items() if name != "close" for call in found if _portable(call)]
_STEPS_OFTEN = [call for name in _OFTEN for call in METHODS[name] if _usual(call)]


def cache_steps(backend: Backend) -> st.SearchStrategy[CacheSteps]:
    """Up to eight calls; time passes only where the clock is ours."""
    waits = [Call(WAIT, (50,)), Call(WAIT, (100,))] if backend.clocked else []
    numbers = [call for call in HOLDING if call.args[1] == 1 and _usual(call)]
    step = st.sampled_from(_STEPS) | st.sampled_from(_STEPS_OFTEN) | st.sampled_from([*numbers, *(waits * 8)])
    options = [option for option in OPTIONS if backend.clocked or option != (("TIMEOUT", 60),)]
    return st.builds(
        CacheSteps, options=st.sampled_from(options), steps=st.lists(step, min_size=1, max_size=8).map(tuple)
    )


# How long an entry stays, and then another time: of drawn steps few would be such a pair.
_STAYS: tuple[tuple[tuple[str, Any], ...], ...] = ((), (("timeout", None),), (("timeout", 60),))
_PAIRS = tuple(
    (Call("set", ("a", 1), first), Call(name, args, second))
    for name, args in (("touch", ("a",)), ("set", ("a", 2)))
    for first, second in permutations(_STAYS, 2)
)
_EVERY = 4


def _vary(example: CacheSteps, turn: int) -> CacheSteps:
    return replace(example, steps=_PAIRS[turn // _EVERY % len(_PAIRS)]) if turn % _EVERY == _EVERY - 1 else example


def _prepare(backend: Backend) -> Callable[[Stage, CacheSteps], Sides]:
    def prepare(stage: Stage, example: CacheSteps) -> Sides:
        cache = backend.empty(dict(example.options))

        def sync() -> list[Any]:
            return [*(_answer(stage, cache, step) for step in example.steps), contents(backend, cache)]

        async def asynchronous() -> list[Any]:
            answers = [await _aanswer(stage, cache, step) for step in example.steps]
            return [*answers, await _off_the_loop(lambda: contents(backend, cache))]

        overriding = overriding_methods(cache, _PRIMITIVES)
        return Sides(sync, asynchronous, model=_expected(backend, example), overriding=overriding)

    return prepare


def _answer(stage: Stage, cache: Any, step: Call) -> Any:
    if step.name == WAIT:
        return _wait(step)
    call = stage.adapter.sync(cache, step.name)
    try:
        return call(*step.given(), **dict(step.kwargs))
    except Exception as error:  # noqa: BLE001 - what a step raises is its answer
        return error


async def _aanswer(stage: Stage, cache: Any, step: Call) -> Any:
    if step.name == WAIT:
        return _wait(step)
    call = stage.adapter.asynchronous(cache, step.name)
    try:
        return await call(*step.given(), **dict(step.kwargs))
    except Exception as error:  # noqa: BLE001 - as above
        return error


def _wait(step: Call) -> None:
    CLOCK.seconds += step.args[0]


async def _off_the_loop(function: Callable[[], Any]) -> Any:
    from asgiref.sync import sync_to_async

    return await sync_to_async(function)()


def _expected(backend: Backend, example: CacheSteps) -> tuple[Any, ...]:
    """Nothing where an entry that has ended is touched: two backends get that wrong, which entries of its own say."""
    model = backend.model(dict(example.options))
    answers: list[Any] = []
    for step in example.steps:
        if step.name == WAIT:
            model.now += step.args[0]
            answers.append(None)
            continue
        if step.name == "touch" and model.has_ended(step.args[0], dict(step.kwargs).get("version")):
            return ()
        answers.append(model.answer(step.name, step.given(), dict(step.kwargs)))
    return ([*answers, expected_contents(model)],)


def _source(backend: Backend) -> Callable[[CacheSteps], tuple[str, str]]:
    return lambda example: (
        "\n".join(_lines(backend, example, "")),
        "\n".join(_lines(backend, example, "a")),
    )


def _lines(backend: Backend, example: CacheSteps, prefix: str) -> Iterator[str]:
    options = {name: getattr(value, "__name__", value) for name, value in example.options}
    yield f"cache = {backend.printed}('conformance', {options!r})"
    for step in example.steps:
        if step.name == WAIT:
            yield f"# {step.args[0]} seconds later"
        else:
            yield f"{'await ' if prefix else ''}{step.source('cache', prefix)}"


def _surroundings(backend: Backend) -> Callable[[CacheSteps], AbstractContextManager[None]]:
    @contextmanager
    def surroundings(_: CacheSteps) -> Iterator[None]:
        with still():
            yield
            backend.leave()

    return surroundings


for _backend in BACKENDS.values():
    register_experiment(
        f"cache.{_backend.name}.steps",
        cache_steps(_backend),
        _prepare(_backend),
        _source(_backend),
        surroundings=_surroundings(_backend),
        vary=_vary,
    )

"""Each method of a cache: on the local-memory backend, and on the one that keeps its entries in a table."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.instruments.clock import CLOCK, still
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.checks.subjects.cache_backends import BACKENDS, KEYS, Backend, contents
from conformance.checks.twins import operation
from conformance.strategies import Rows

NO_ROWS = Rows((), ())


def reversed_key(key: str, key_prefix: str, version: int) -> str:
    """A `KEY_FUNCTION` of the project's own."""
    return f"{key[::-1]}/{version}/{key_prefix}"


@dataclass(frozen=True)
class Call:
    """A method's name (the synchronous one), and what it is given."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()

    def source(self, target: str, prefix: str = "") -> str:
        """The call as Python; `prefix` is `a` for the asynchronous method."""
        given = [*map(_shown, self.args), *(f"{name}={_shown(value)}" for name, value in self.kwargs)]
        return f"{target}.{prefix}{self.name}({', '.join(given)})"

    def given(self) -> tuple[Any, ...]:
        """The positional arguments, with an iterator in the place of each `OneByOne`."""
        return tuple(iter(value.values) if isinstance(value, OneByOne) else value for value in self.args)


@dataclass(frozen=True)
class OneByOne:
    """Values that are handed over by an iterator, which gives each of them once."""

    values: tuple[Any, ...]


def _shown(value: Any) -> str:
    if isinstance(value, OneByOne):
        return f"iter({value.values!r})"
    return "lambda: 'made'" if callable(value) else repr(value)


@dataclass(frozen=True)
class CacheCall:
    """What the cache holds, by calls of `set`; how it is configured; how many seconds pass; what is called then."""

    held: tuple[Call, ...]
    options: tuple[tuple[str, Any], ...]
    passed: int
    call: Call
    rows: Rows = NO_ROWS


def calls(name: str, /, *positions: tuple[Any, ...], **optional: tuple[Any, ...]) -> list[Call]:
    """Every call with one of the values at each position, and each keyword left out or with one of its values."""
    given = [[(), *(((keyword, value),) for value in values)] for keyword, values in optional.items()]
    return [
        Call(name, args, tuple(pair for pairs in kwargs for pair in pairs))
        for args in product(*positions)
        for kwargs in product(*given)
    ]


_KEYS = ("a", "b")
_VERSION = (1, 2)
_TIMEOUT = (None, 0, 60, -1)
_VALUES = (1, None, "é", [1, 2])
_MANY = ((), ("a",), ("b", "a"), ("a", "c", "a"), OneByOne(("a", "b")))
# Not portable to memcached, so Django warns of them.
_WARNED = ("with space", "x" * 251)
OPTIONS: tuple[tuple[tuple[str, Any], ...], ...] = (
    (),
    (("KEY_PREFIX", "p"),),
    (("VERSION", 2),),
    (("TIMEOUT", 60),),
    (("TIMEOUT", None),),
    (("KEY_FUNCTION", reversed_key),),
)
# Mostly what is still there, under the version that is asked for.
HOLDING = [
    *(calls("set", _KEYS, _VALUES) * 6),
    *calls("set", _KEYS, _VALUES, timeout=_TIMEOUT),
    *calls("set", _KEYS, _VALUES, version=_VERSION),
]
_NUMBERS = [*(calls("set", _KEYS, (1, 10, "é"), timeout=(None, 60)) * 2), *calls("set", _KEYS, (5,), version=_VERSION)]


# One for each time that `made` was called.
_MADE: list[None] = []


def made() -> str:
    """The default of a `get_or_set` that computes it."""
    _MADE.append(None)
    return "made"


METHODS: dict[str, list[Call]] = {
    "add": calls("add", (*_KEYS, _WARNED[0]), _VALUES, timeout=_TIMEOUT, version=_VERSION),
    "get": calls("get", (*_KEYS, *_WARNED), version=_VERSION) + calls("get", _KEYS, default=("d",), version=_VERSION),
    "set": calls("set", (*_KEYS, _WARNED[1]), _VALUES, timeout=_TIMEOUT, version=_VERSION),
    "touch": calls("touch", _KEYS, timeout=_TIMEOUT, version=_VERSION),
    "delete": calls("delete", (*_KEYS, _WARNED[0]), version=_VERSION),
    "get_many": calls("get_many", _MANY, version=_VERSION),
    "set_many": calls("set_many", ({}, {"a": 1}, {"b": None, "a": "é"}), timeout=_TIMEOUT, version=_VERSION),
    "delete_many": calls("delete_many", _MANY, version=_VERSION),
    "clear": [Call("clear")],
    "has_key": calls("has_key", (*_KEYS, _WARNED[0]), version=_VERSION),
    "incr": calls("incr", _KEYS, delta=(2, -3, 0), version=_VERSION),
    "decr": calls("decr", _KEYS, delta=(2, -3, 0), version=_VERSION),
    "incr_version": calls("incr_version", _KEYS, delta=(2, -1, 0), version=_VERSION),
    "decr_version": calls("decr_version", _KEYS, delta=(-1, -2, 0), version=_VERSION),
    "get_or_set": calls("get_or_set", _KEYS, (None, "d", made), timeout=_TIMEOUT, version=_VERSION),
    "close": [Call("close"), Call("close", kwargs=(("signal", None),))],
}


def cache_calls(name: str) -> st.SearchStrategy[CacheCall]:
    """Calls of one method, on a cache that holds a few entries: mostly one of the key that is asked for."""
    numbers = name in ("incr", "decr")
    # What tells whether there was an entry is to be seen to tell both.
    lacking = 4 if name in ("add", "touch", "delete", "has_key") else 1
    return st.builds(
        _cache_call,
        held=st.lists(st.sampled_from(_NUMBERS if numbers else HOLDING), max_size=2),
        aimed=st.sampled_from((*((1, 10, 7) if numbers else _VALUES), *[_NOT_AIMED] * lacking, _ELSEWHERE)),
        options=st.sampled_from(OPTIONS),
        passed=st.sampled_from((0, 100)),
        call=st.sampled_from(METHODS[name]),
    )


_NOT_AIMED, _ELSEWHERE = object(), object()


def _cache_call(
    held: list[Call], aimed: Any, options: tuple[tuple[str, Any], ...], passed: int, call: Call
) -> CacheCall:
    key = call.args[0] if call.args and call.args[0] in KEYS else "a"
    same = tuple(pair for pair in call.kwargs if pair[0] == "version")
    more = () if aimed is _NOT_AIMED else (Call("set", (key, aimed), same),)
    if aimed is _ELSEWHERE:
        # The key is there under another version than the one that is asked for, and under no other.
        other = 1 if same == (("version", 2),) else 2
        held, more = [], (Call("set", (key, 3), (("version", other),)),)
    return CacheCall((*held, *more), options, passed, call)


@dataclass(frozen=True)
class Warned:
    """What a call gave, and the warnings that it gave beside it."""

    value: Any
    warnings: tuple[str, ...]


@contextmanager
def _heard() -> Iterator[list[warnings.WarningMessage]]:
    """Of the warnings inside the block those that are about keys; others go to whoever listens outside."""
    about_keys: list[warnings.WarningMessage] = []
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        yield about_keys
    for each in heard:
        if each.category.__name__ == "CacheKeyWarning":
            about_keys.append(each)
        else:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)


def _told(value: Any, heard: list[warnings.WarningMessage]) -> Any:
    texts = sorted({f"{each.category.__name__}: {each.message}" for each in heard})
    return Warned(value, tuple(texts)) if texts else value


def with_warnings(sides: Sides) -> Sides:
    """A warning is part of what the caller is given: one that is swallowed is a difference."""

    def sync() -> Any:
        with _heard() as heard:
            value = sides.sync()
        return _told(value, heard)

    async def asynchronous() -> Any:
        with _heard() as heard:
            value = await sides.asynchronous()
        return _told(value, heard)

    return replace(sides, sync=sync, asynchronous=asynchronous)


def prepared(backend: Backend, example: CacheCall) -> Any:
    """The cache with what it holds, so many seconds later."""
    cache = backend.empty(dict(example.options))
    for held in example.held:
        cache.set(*held.args, **dict(held.kwargs))
    CLOCK.seconds += example.passed
    return cache


def _prepare(backend: Backend) -> Any:
    def prepare(stage: Stage, example: CacheCall) -> Sides:
        cache = prepared(backend, example)
        call = example.call
        sides = with_warnings(operation(stage, cache, call.name, *call.given(), **dict(call.kwargs)))
        model = _expected(backend, example)
        _MADE.clear()
        return replace(sides, held=(lambda: contents(backend, cache), lambda: len(_MADE)), model=model)

    return prepare


def _expected(backend: Backend, example: CacheCall) -> tuple[Any, ...]:
    """What the reference model answers, where it is asked with a key that nobody is warned of."""
    if example.call.args[:1] and example.call.args[0] in _WARNED:
        return ()
    model = backend.model(dict(example.options))
    for held in example.held:
        model.set(*held.args, **dict(held.kwargs))
    model.now += example.passed
    return (model.answer(example.call.name, example.call.given(), dict(example.call.kwargs)),)


def source(backend: Backend) -> Any:
    """The Python of both sides."""

    def printed(example: CacheCall) -> tuple[str, str]:
        return _lines(backend, example, ""), _lines(backend, example, "a")

    return printed


def _lines(backend: Backend, example: CacheCall, prefix: str) -> str:
    options = {name: getattr(value, "__name__", value) for name, value in example.options}
    lines = [f"cache = {backend.printed}('conformance', {options!r})"]
    lines += [held.source("cache") for held in example.held]
    lines += [f"# {example.passed} seconds later"] if example.passed else []
    call = example.call.source("cache", prefix)
    return "\n".join([*lines, f"await {call}" if prefix else call])


def _register(entry: str, name: str, backend: Backend) -> None:
    register_experiment(entry, cache_calls(name), _prepare(backend), source(backend), surroundings=lambda _: still())


for _name in METHODS:
    _register(f"cache.a{_name}", _name, BACKENDS["locmem"])
    if _name != "close":
        _register(f"cache.database.a{_name}", _name, BACKENDS["database"])
_register("cache.filebased.atouch", "touch", BACKENDS["filebased"])

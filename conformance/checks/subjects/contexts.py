"""What Django keeps for the code that runs: language, time zone, URLs, settings, callbacks of a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import Any

from asgiref.sync import sync_to_async
from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.checks.subjects.asgiref_local import carried, source, stories
from conformance.strategies import NO_ROWS, Rows


class _Face:
    """Something that Django keeps, with the face of a `Local`: 1 and 2 stand for two values of it."""

    def __init__(
        self, get: Callable[[], Any], put: Callable[[Any], Any], drop: Callable[[], Any], *values: Any
    ) -> None:
        vars(self).update(_get=get, _put=put, _drop=drop, _values=values)

    def __getattr__(self, name: str) -> Any:
        found = self._get()
        if name != "value" or found not in self._values:
            raise AttributeError(name)
        return self._values.index(found) + 1

    def __setattr__(self, _: str, value: int) -> None:
        self._put(self._values[value - 1])

    def __delattr__(self, name: str) -> None:
        getattr(self, name)
        self._drop()


ZONES = timezone(timedelta(hours=3)), timezone(timedelta(hours=-5))


def _language() -> _Face:
    from django.utils import translation

    return _Face(translation.get_language, translation.activate, translation.deactivate, "de", "fr")


def _time_zone() -> _Face:
    from django.utils import timezone as zones

    return _Face(zones.get_current_timezone, zones.activate, zones.deactivate, *ZONES)


def _script_prefix() -> _Face:
    from django.urls import clear_script_prefix, get_script_prefix, set_script_prefix

    return _Face(get_script_prefix, set_script_prefix, clear_script_prefix, "/one/", "/two/")


def _urlconf() -> _Face:
    from django.urls import get_urlconf, set_urlconf

    return _Face(get_urlconf, set_urlconf, lambda: set_urlconf(None), "one", "two")


def _read_once() -> None:
    """Django reads a language's texts, and the default time zone, from disk when it first needs them."""
    from django.utils import timezone as zones
    from django.utils import translation

    zones.get_default_timezone()
    for language in ("de", "fr", "en-us"):
        with translation.override(language):
            translation.gettext("Yes")


def _kept(make: Callable[[], _Face]) -> Any:
    def prepare(stage: Stage, example: Any) -> Sides:
        _read_once()
        sides: Sides = carried(make())(stage, example)
        return sides

    return prepare


for _name, _make in (
    ("translation", _language),
    ("timezone", _time_zone),
    ("script_prefix", _script_prefix),
    ("urlconf", _urlconf),
):
    register_experiment(f"context.{_name}", stories(), _kept(_make), source)


@dataclass(frozen=True)
class Overrides:
    """Blocks, one inside the other, and the place in which is looked; `raises` leaves them by an exception."""

    blocks: tuple[tuple[str, str], ...]
    place: str
    raises: bool = False
    rows: Rows = NO_ROWS


def _block(kind: str, value: str) -> Any:
    from django.test import modify_settings, override_settings
    from django.utils import timezone as zones
    from django.utils import translation

    blocks: dict[str, Callable[[], Any]] = {
        "translation": lambda: translation.override(value),
        "timezone": lambda: zones.override(ZONES[value == "de"]),
        "settings": lambda: override_settings(APPEND_SLASH=value, LANGUAGE_COOKIE_NAME=value),
        "modified": lambda: modify_settings(ALLOWED_HOSTS={"append": value}),
    }
    return blocks[kind]()


def _seen() -> Any:
    from django.conf import settings
    from django.utils import timezone as zones
    from django.utils import translation

    language, text, zone = translation.get_language(), translation.gettext("Monday"), zones.get_current_timezone_name()
    return language, text, zone, settings.APPEND_SLASH, settings.LANGUAGE_COOKIE_NAME, settings.ALLOWED_HOSTS[-1]


async def _aseen(place: str) -> Any:
    async def inside() -> Any:
        return _seen()

    if place == "task":
        return await asyncio.ensure_future(inside())
    if place == "thread":
        return await sync_to_async(_seen)()
    return await inside()


def _overridden(_stage: Stage, example: Overrides) -> Sides:
    """What is seen in each block, and after each is left."""
    _read_once()

    def sync() -> Any:
        seen = [_seen()]
        try:
            with ExitStack() as stack:
                for block in example.blocks:
                    stack.enter_context(_block(*block))
                    seen.append(_seen())
                if example.raises:
                    raise ValueError("inside")
        except ValueError as error:
            seen.append(str(error))
        return [*seen, _seen()]

    async def asynchronous() -> Any:
        seen = [await _aseen(example.place)]
        try:
            with ExitStack() as stack:
                for block in example.blocks:
                    stack.enter_context(_block(*block))
                    seen.append(await _aseen(example.place))
                if example.raises:
                    raise ValueError("inside")
        except ValueError as error:
            seen.append(str(error))
        return [*seen, await _aseen(example.place)]

    return Sides(sync, asynchronous)


def _decorated(_stage: Stage, example: Overrides) -> Sides:
    """The blocks as decorators, of a function and of a coroutine function."""
    _read_once()

    def function() -> Any:
        if example.raises:
            raise ValueError("inside")
        return _seen()

    async def afunction() -> Any:
        seen = await _aseen(example.place)
        if example.raises:
            raise ValueError("inside")
        return seen

    decorated: Any = function
    adecorated: Any = afunction
    for block in example.blocks:
        decorated, adecorated = _block(*block)(decorated), _block(*block)(adecorated)

    async def asynchronous() -> Any:
        return await adecorated(), _seen()

    return Sides(lambda: (decorated(), _seen()), asynchronous)


def _override_source(example: Overrides) -> tuple[str, str]:
    blocks = ", ".join(f"{kind}: {value}" for kind, value in example.blocks)
    raising = ", left by an exception" if example.raises else ""
    return f"overridden: {blocks}{raising}", f"the same in a coroutine, looked at in: {example.place}"


def _blocks(*kinds: str) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    pairs = [(kind, value) for kind in kinds for value in ("de", "fr")]
    return st.lists(st.sampled_from(pairs), min_size=1, max_size=3).map(tuple)


_PLACE = st.sampled_from(["here", "task", "thread"])
_RAISES = st.sampled_from([False, False, True])
for _entry, _prepare, _kinds in (
    ("overrides", _overridden, ("translation", "timezone", "settings", "modified")),
    ("override_settings.decorator", _decorated, ("settings", "modified")),
    ("override.decorator", _decorated, ("translation", "timezone")),
):
    register_experiment(
        f"context.{_entry}", st.builds(Overrides, _blocks(*_kinds), _PLACE, _RAISES), _prepare, _override_source
    )

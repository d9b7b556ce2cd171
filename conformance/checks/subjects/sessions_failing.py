"""Sessions in a table whose copies the cache does not take: its server refuses every write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

from django.core.cache.backends.locmem import LocMemCache
from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.checks.subjects.cache import Call
from conformance.checks.subjects.sessions import SessionCall, prepare, session_calls, source
from conformance.checks.subjects.sessions_engines import surroundings


class Full(LocMemCache):
    """A cache that nothing can be stored in."""

    def set(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse it."""
        raise ConnectionError("the cache takes nothing")


@contextmanager
def _with_a_full_cache(example: SessionCall) -> Iterator[None]:
    from django.conf import settings
    from django.test import override_settings

    caches = {**settings.CACHES, "full": {"BACKEND": f"{__name__}.Full", "LOCATION": "full"}}
    with surroundings(example), override_settings(CACHES=caches, SESSION_CACHE_ALIAS="full"):
        yield


def _source(example: SessionCall) -> tuple[str, str]:
    sync, asynchronous = source(example)
    told = "# `set` of the cache that SESSION_CACHE_ALIAS names raises ConnectionError\n"
    return told + sync, told + asynchronous


def _prepare(stage: Stage, example: SessionCall) -> Sides:
    sides = prepare(stage, example)
    return replace(sides, held=tuple(partial(_asked, each) for each in sides.held))


def _asked(held: Callable[[], Any]) -> Any:
    try:
        return held()
    except ConnectionError:
        return "it cannot be loaded"


def _examples(name: str, *, new: bool) -> st.SearchStrategy[SessionCall]:
    """A session that is stored is loaded, and put into the cache, before anything else: only a new one can be saved."""
    drawn = session_calls("cached_db", name)
    changes: dict[str, Any] = {"key": None, "before": (Call("set", ("z", 1)),)} if new else {"before": ()}
    return drawn.map(lambda example: replace(example, **changes))


register_experiment(
    "sessions.cached_db.cache_full",
    st.one_of(
        [_examples(name, new=True) for name in ("save", "create")]
        + [_examples(name, new=False) for name in ("load", "delete", "exists", "save")]
    ),
    _prepare,
    _source,
    surroundings=_with_a_full_cache,
)

"""Django's session engines: how each is given sessions that somebody else has stored, and what it stores."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from conformance.checks.instruments.clock import CLOCK, START, RandomTexts, restart, still
from conformance.checks.subjects.cache_backends import folder
from conformance.strategies import Rows

LIVE, OTHER, EXPIRED, UNKNOWN = (name.ljust(32, "0") for name in ("live", "other", "expired", "unknown"))
# The first key that a new session tries.
TAKEN = RandomTexts()(32)
# Seconds that a session lasts which says nothing else: Django's default.
AGE = 1_209_600
Data = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Stored:
    """A session that is in the store: its key, its data, and the seconds that it still has."""

    key: str
    data: Data
    lasts: int


@dataclass(frozen=True)
class SessionRows(Rows):
    """Sessions beside the usual rows; `tabled` says that they are rows as well, `cached` that the cache has a copy."""

    stored: tuple[Stored, ...] = ()
    tabled: bool = True
    cached: bool = False

    def more(self) -> Iterable[tuple[type[Any], list[dict[str, Any]]]]:
        """The rows of the table of sessions."""
        from django.contrib.sessions.models import Session

        restart()
        return ((Session, [_row(each) for each in self.stored] if self.tabled else []),)


def _row(stored: Stored) -> dict[str, Any]:
    from datetime import timedelta

    return {
        "session_key": stored.key,
        "session_data": engine_class("db")(None).encode(dict(stored.data)),
        "expire_date": CLOCK.now() + timedelta(seconds=stored.lasts),
    }


# The engine of a project, beside Django's.
OWN = "own"


def engine_module(engine: str) -> str:
    """As the setting SESSION_ENGINE names it."""
    own = "conformance.checks.subjects.sessions_of_ones_own"
    return own if engine == OWN else f"django.contrib.sessions.backends.{engine}"


def engine_class(engine: str) -> Any:
    """The class of the engine's sessions."""
    return importlib.import_module(engine_module(engine)).SessionStore


def put(engine: str, rows: SessionRows) -> None:
    """At the beginning of time, let the engine's store hold these sessions and nothing else."""
    from django.core.cache import cache

    restart()
    cache.clear()
    for path in _files():
        path.unlink()
    for stored in rows.stored:
        if engine == "cache" or rows.cached:
            store = engine_class(engine)
            cache.set(store.cache_key_prefix + stored.key, dict(stored.data), stored.lasts)
        elif engine == "file":
            _write(stored)
    if engine == OWN:
        from conformance.checks.subjects.sessions_of_ones_own import STORE

        STORE.clear()
        STORE.update((each.key, (dict(each.data), CLOCK.seconds + each.lasts)) for each in rows.stored)


def _files() -> Iterator[Path]:
    return Path(folder()).glob("sessionid*")


def _write(stored: Stored) -> None:
    """A file of which the time of writing says when the session ends."""
    path = Path(folder(), f"sessionid{stored.key}")
    path.write_text(engine_class("file")(None).encode(dict(stored.data)), "ascii")
    written = START - AGE + stored.lasts
    os.utime(path, (written, written))


def opened(engine: str, stored: Stored | None, key: str | None) -> Any:
    """A session as a request would have it. With signed cookies its key is what was stored."""
    store = engine_class(engine)
    if engine != "signed_cookies" or stored is None:
        return store(key)
    written = store(None)
    written.update(dict(stored.data))
    CLOCK.seconds = START - AGE + stored.lasts
    written.save()
    CLOCK.seconds = START
    return store(written.session_key)


def seen(session: Any, engine: str) -> dict[str, Any]:
    """What its owner sees of a session, and what is stored where the observer does not look."""
    facts = {
        "accessed": session.accessed,
        "modified": session.modified,
        "is_empty": session.is_empty(),
        "session_key": session.session_key,
    }
    stored = {}
    if engine in ("cache", "cached_db"):
        # Each once: what is asked for later and later is gone afterwards.
        keys = dict.fromkeys((LIVE, OTHER, EXPIRED, TAKEN, session.session_key or ""))
        stored = {key: _cached(session.cache_key_prefix + key) for key in keys}
    if engine == "file":
        stored = {path.name: _decoded(session, path) for path in sorted(_files())}
    return {**facts, "data": dict(session.items()), "stored": stored}


def _cached(key: str) -> Any:
    """The value, and for how long: asked of the cache later and later."""
    from django.core.cache import cache

    value, moment, last = cache.get(key), CLOCK.seconds, None
    for seconds in (30, 500, AGE - 500, AGE + 500) if value is not None else ():
        CLOCK.seconds = moment + seconds
        last = seconds if cache.has_key(key) else last
    CLOCK.seconds = moment
    return value, last


def _decoded(session: Any, path: Path) -> Any:
    return session.decode(path.read_text("ascii")), path.stat().st_size


@contextmanager
def surroundings(_: Any) -> Iterator[None]:
    """A clock that stands still, and a folder of our own for the sessions in files.

    `_storage_path` is private, seen in Django 3.2 to 6.1: the folder is kept from the first time that it is asked for.
    """
    with ExitStack() as stack:
        stack.enter_context(still())
        stack.enter_context(patch.object(engine_class("file"), "_storage_path", folder(), create=True))
        yield

"""Django's cache backends, each ready to be opened, with what is to be seen in it afterwards."""

from __future__ import annotations

import atexit
import base64
import functools
import pickle
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from conformance.checks.instruments.clock import CLOCK, restart
from conformance.checks.references.caches import CacheModel

KEYS = ("a", "b", "c")
VERSIONS = (1, 2, 3)
TABLE = "conformance_cache"
REDIS = "redis://127.0.0.1:6379/15"
# Seconds after which it is asked whether an entry is still there; the answers tell its end, whatever the backend.
_LATER = (0, 30, 120, 220, 1_000_000)


@dataclass(frozen=True)
class Backend:
    """`opened` gives a cache with these parameters; `rules` is what the reference model has to know of it.

    A backend that is not `clocked` asks a server for the time: nothing can be told to end there.
    """

    name: str
    opened: Callable[[dict[str, Any]], Any]
    printed: str
    rules: dict[str, Any] = field(default_factory=dict)
    clocked: bool = True

    def model(self, options: dict[str, Any]) -> CacheModel:
        """The reference model of a cache with these parameters."""
        return CacheModel(timeout=options.get("TIMEOUT", 300), version=options.get("VERSION", 1), **self.rules)

    def empty(self, options: dict[str, Any]) -> Any:
        """A cache that holds nothing, at the beginning of time."""
        restart()
        cache = self.opened(options)
        cache.clear()
        return cache

    def leave(self) -> None:
        """Leave nothing in a server that others use as well."""
        if not self.clocked:
            _redis_client().flushdb()


def _locmem(options: dict[str, Any]) -> Any:
    from django.core.cache.backends.locmem import LocMemCache

    return LocMemCache("conformance", options)


def _filebased(options: dict[str, Any]) -> Any:
    from django.core.cache.backends.filebased import FileBasedCache

    return FileBasedCache(folder(), options)


@functools.cache
def folder() -> str:
    """A folder of this process, gone at its end."""
    made = tempfile.mkdtemp(prefix="conformance-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def _database(options: dict[str, Any]) -> Any:
    from django.core.cache.backends.db import DatabaseCache
    from django.db import connection

    _make_table(str(connection.settings_dict["NAME"]))
    return DatabaseCache(TABLE, options)


@functools.cache
def _make_table(database: str) -> None:  # noqa: ARG001 - once for each
    from django.core.management import call_command

    call_command("createcachetable", TABLE, verbosity=0)


def _dummy(options: dict[str, Any]) -> Any:
    from django.core.cache.backends.dummy import DummyCache

    return DummyCache("conformance", options)


def _own(options: dict[str, Any]) -> Any:
    from conformance.checks.subjects.cache_of_ones_own import OwnCache

    return OwnCache(options)


def _redis(options: dict[str, Any]) -> Any:
    return _redis_cache(tuple(options.items()))


@functools.cache
def _redis_cache(options: tuple[tuple[str, Any], ...]) -> Any:
    """One for each configuration: it has connections, and no way to close them."""
    from django.core.cache.backends.redis import RedisCache

    return RedisCache(REDIS, dict(options))


@functools.cache
def _redis_client() -> Any:
    import redis

    return redis.Redis.from_url(REDIS)


BACKENDS = {
    backend.name: backend
    for backend in (
        Backend("locmem", _locmem, "LocMemCache"),
        Backend("filebased", _filebased, "FileBasedCache", {"incr_keeps_timeout": False}),
        Backend("database", _database, "DatabaseCache", {"incr_keeps_timeout": False}),
        Backend("dummy", _dummy, "DummyCache", {"keeps": False}),
        Backend("own", _own, "OwnCache", {"incr_keeps_timeout": False}),
        Backend("redis", _redis, "RedisCache", {"clear_gives": True, "no_number": "ResponseError"}, clocked=False),
    )
}


def contents(backend: Backend, cache: Any) -> dict[tuple[int, str], tuple[Any, str]]:
    """Every value by version and key, and how long it stays, asked of the cache itself."""
    if backend.name == "database":
        return _rows(cache)
    found: dict[tuple[int, str], tuple[Any, str]] = {}
    moment = CLOCK.seconds
    for seconds in _LATER if backend.clocked else _LATER[:1]:
        CLOCK.seconds = moment + seconds
        for version in VERSIONS:
            for key, value in cache.get_many(KEYS, version=version).items():
                found[version, key] = (value, f"still there after {seconds} s")
    CLOCK.seconds = moment
    return found if backend.clocked else {place: (value, _left(cache, *place)) for place, (value, _) in found.items()}


def _rows(cache: Any) -> dict[tuple[int, str], tuple[Any, str]]:
    """The same in one query, since each asks a server. The table's format is Django's, seen in 3.2 to 6.1."""
    from django.db import connection

    places = {cache.make_key(key, version=version): (version, key) for key in KEYS for version in VERSIONS}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT cache_key, value, expires FROM {TABLE}")
        rows = [(places[each[0]], _loaded(each[1]), _seconds_left(each[2])) for each in cursor if each[0] in places]
    return {place: (value, _still_there(left)) for place, value, left in rows if left >= 0}


def _loaded(value: str) -> Any:
    return pickle.loads(base64.b64decode(value))


def _seconds_left(ends: Any) -> float:
    moment = datetime.fromisoformat(str(ends))
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return (aware - CLOCK.now()).total_seconds()


def _left(cache: Any, version: int, key: str) -> str:
    """The same, of a server's clock."""
    seconds = _redis_client().ttl(cache.make_key(key, version=version))
    return _still_there(None if seconds < 0 else seconds)


def expected_contents(model: CacheModel) -> dict[tuple[int, str], tuple[Any, str]]:
    """What `contents` has to give by the reference model."""
    return {
        (version, key): (value, _still_there(left))
        for (version, key), (value, left) in model.contents().items()
        if key in KEYS and version in VERSIONS
    }


def _still_there(left: float | None) -> str:
    last = max((seconds for seconds in _LATER if left is None or seconds < left), default=0)
    return f"still there after {last} s"

"""What a cache must answer, by a dictionary and a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from conformance.checks.instruments.clock import START

# Stands for an argument that is left out.
DEFAULT = object()
_MISSING = object()
Key = tuple[Any, str]


class _Either:
    """Equal to True and to False."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, bool)

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "True or False"


EITHER = _Either()


class NotFound(Exception):
    """The key is not there: Django raises `ValueError`."""


@dataclass
class Entry:
    """A value, and the moment at which it ends: seconds since the epoch, None for never."""

    value: Any
    ends: float | None


@dataclass
class CacheModel:
    """`timeout` and `version` are the cache's defaults.

    What backends rightly differ in: whether adding to a number leaves its end as it was; whether anything is kept at
    all; what emptying it gives; what it raises where something else than a number is added to.
    """

    timeout: int | None = 300
    version: int = 1
    incr_keeps_timeout: bool = True
    keeps: bool = True
    clear_gives: bool | None = None
    no_number: str = "TypeError"
    now: float = START
    entries: dict[Key, Entry] = field(default_factory=dict)

    def get(self, key: str, default: Any = None, version: Any = None) -> Any:
        """The value; `default` where there is none, or where it has ended."""
        found = self._live(key, version)
        return default if found is None else found.value

    def set(self, key: str, value: Any, timeout: Any = DEFAULT, version: Any = None) -> None:
        """Whatever was there is replaced, and its end with it."""
        if self.keeps:
            self.entries[self._key(key, version)] = Entry(value, self._ends(timeout))

    def add(self, key: str, value: Any, timeout: Any = DEFAULT, version: Any = None) -> bool:
        """Whether it was stored: only where nothing is."""
        if self._live(key, version) is not None:
            return False
        self.set(key, value, timeout, version)
        return True

    def touch(self, key: str, timeout: Any = DEFAULT, version: Any = None) -> bool:
        """Whether there was something to give another end."""
        found = self._live(key, version)
        if found is not None:
            found.ends = self._ends(timeout)
        return found is not None

    def has_ended(self, key: str, version: Any = None) -> bool:
        """Whether there was something that has ended, and was not replaced."""
        return self._key(key, version) in self.entries and self._live(key, version) is None

    def delete(self, key: str, version: Any = None) -> Any:
        """Whether there was something: either may be said of what had ended and was not asked for since."""
        found = self._live(key, version) is not None
        ended = self.entries.pop(self._key(key, version), None) is not None
        return EITHER if ended and not found else found

    def get_many(self, keys: Iterable[str], version: Any = None) -> dict[str, Any]:
        """Those that are there."""
        found = ((key, self._live(key, version)) for key in keys)
        return {key: entry.value for key, entry in found if entry is not None}

    def set_many(self, data: dict[str, Any], timeout: Any = DEFAULT, version: Any = None) -> list[str]:
        """The keys that could not be stored: none."""
        for key, value in data.items():
            self.set(key, value, timeout, version)
        return []

    def delete_many(self, keys: Iterable[str], version: Any = None) -> None:
        """Each of them."""
        for key in keys:
            self.delete(key, version)

    def clear(self) -> bool | None:
        """Every one, of every version."""
        self.entries.clear()
        return self.clear_gives

    def has_key(self, key: str, version: Any = None) -> bool:
        """Whether there is something, even None."""
        return self._live(key, version) is not None

    def incr(self, key: str, delta: int = 1, version: Any = None) -> Any:
        """The sum, which is stored. Raises `NotFound`."""
        found = self._found(key, version)
        found.value += delta
        if not self.incr_keeps_timeout:
            found.ends = self._ends(DEFAULT)
        return found.value

    def decr(self, key: str, delta: int = 1, version: Any = None) -> Any:
        """The difference, which is stored. Raises `NotFound`."""
        return self.incr(key, -delta, version)

    def incr_version(self, key: str, delta: int = 1, version: Any = None) -> int:
        """The new version, under which alone the value now is. Raises `NotFound`."""
        old = self.version if version is None else version
        value = self._found(key, old).value
        self.set(key, value, DEFAULT, old + delta)
        self.delete(key, old)
        return int(old + delta)

    def decr_version(self, key: str, delta: int = 1, version: Any = None) -> int:
        """The same, downwards. Raises `NotFound`."""
        return self.incr_version(key, -delta, version)

    def get_or_set(self, key: str, default: Any, timeout: Any = DEFAULT, version: Any = None) -> Any:
        """The value; where there is none, the default, which is stored."""
        if self._live(key, version) is None:
            value = default() if callable(default) else default
            self.set(key, value, timeout, version)
            return value
        return self.get(key, version=version)

    def close(self, **_: Any) -> None:
        """Nothing that is stored changes."""

    def contents(self) -> dict[Key, tuple[Any, Any]]:
        """What is there now, each with the seconds that it still has; None for ever."""
        live = ((key, entry) for key, entry in self.entries.items() if self._is_live(entry))
        return {key: (entry.value, None if entry.ends is None else entry.ends - self.now) for key, entry in live}

    def answer(self, name: str, args: Iterable[Any], kwargs: dict[str, Any]) -> Any:
        """What the method gives, or the exception as results show it."""
        method: Callable[..., Any] = getattr(self, name)
        try:
            return method(*args, **kwargs)
        except NotFound:
            return {"raises": "ValueError"}
        except TypeError:
            return {"raises": self.no_number}

    def _key(self, key: str, version: Any) -> Key:
        return self.version if version is None else version, key

    def _ends(self, timeout: Any) -> float | None:
        seconds = self.timeout if timeout is DEFAULT else timeout
        # Nothing, or less, means that it has ended already.
        return None if seconds is None else self.now + (seconds or -1)

    def _is_live(self, entry: Entry) -> bool:
        return entry.ends is None or entry.ends > self.now

    def _live(self, key: str, version: Any) -> Entry | None:
        found = self.entries.get(self._key(key, version))
        return found if found is not None and self._is_live(found) else None

    def _found(self, key: str, version: Any) -> Entry:
        found = self._live(key, version)
        if found is None:
            raise NotFound(key)
        return found

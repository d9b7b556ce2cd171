"""A cache backend of a project's own, with the methods that it must have: it inherits all others from Django."""

from __future__ import annotations

from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

from conformance.checks.instruments.clock import CLOCK


class OwnCache(BaseCache):
    """Entries in a dictionary, by the key with its prefix and version; each with the time at which it ends."""

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._entries: dict[str, tuple[Any, float | None]] = {}

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Whether there was none."""
        if self._named(key, version) in self._entries:
            return False
        self.set(key, value, timeout, version)
        return True

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """The value, or the default."""
        return self._entries.get(self._named(key, version), (default,))[0]

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Keep it for so many seconds."""
        self._entries[self._named(key, version)] = value, self.get_backend_timeout(timeout)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Whether there was one, which is kept for so many seconds from now on."""
        name = self._named(key, version)
        if name not in self._entries:
            return False
        self._entries[name] = self._entries[name][0], self.get_backend_timeout(timeout)
        return True

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Whether there was one."""
        return self._entries.pop(self._named(key, version), None) is not None

    def clear(self) -> None:
        """Keep nothing."""
        self._entries.clear()

    def _named(self, key: Any, version: int | None) -> str:
        """The entry's name; by then entries that have ended are gone."""
        ended = [name for name, (_, end) in self._entries.items() if end is not None and end <= CLOCK.seconds]
        for name in ended:
            del self._entries[name]
        named: str = self.make_key(key, version=version)
        self.validate_key(named)
        return named

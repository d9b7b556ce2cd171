"""What a session must answer, by dictionaries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from conformance.checks.instruments.clock import START

AGE = 1_209_600
_GONE = object()
EXPIRY = "_session_expiry"


class UpdateRefused(Exception):
    """The session is no longer in the store: Django raises `UpdateError`."""


@dataclass
class SessionModel:
    """A session, and the store that it is in: for each key its data, and the moment at which it ends.

    `key` None is a session that was never stored. `ended_is_gone` says that the store forgets what has ended.
    """

    key: str | None
    store: dict[str, tuple[dict[str, Any], float]]
    now: float = START
    accessed: bool = False
    modified: bool = False
    data: dict[str, Any] | None = None
    ended_is_gone: bool = False
    made: int = 0

    def loaded(self) -> dict[str, Any]:
        """The data, from the store when it is first asked for."""
        self.accessed = True
        if self.data is None:
            found = self._live(self.key)
            if found is None:
                self.key = None
            self.data = dict(found or {})
        return self.data

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or the default."""
        return self.loaded().get(key, default)

    def set(self, key: str, value: Any) -> None:
        """From now on it is modified."""
        self.loaded()[key] = value
        self.modified = True

    def pop(self, key: str, default: Any = _GONE) -> Any:
        """The value, which is gone then. Raises `KeyError` where there is neither value nor default."""
        self.modified = self.modified or key in self.loaded()
        return self.loaded().pop(key) if default is _GONE else self.loaded().pop(key, default)

    def setdefault(self, key: str, value: Any) -> Any:
        """The value that is there, or this one, which is stored."""
        if key not in self.loaded():
            self.set(key, value)
        return self.loaded()[key]

    def update(self, values: dict[str, Any]) -> None:
        """From now on it is modified."""
        self.loaded().update(values)
        self.modified = True

    def has_key(self, key: str) -> bool:
        """Whether there is such a value."""
        return key in self.loaded()

    def keys(self) -> list[str]:
        """In the order in which they came."""
        return list(self.loaded())

    def values(self) -> list[Any]:
        """In the same order."""
        return list(self.loaded().values())

    def items(self) -> list[tuple[str, Any]]:
        """In the same order."""
        return list(self.loaded().items())

    def set_test_cookie(self) -> None:
        """A value that the browser has to bring back."""
        self.set("testcookie", "worked")

    def test_cookie_worked(self) -> bool:
        """Whether it did."""
        return bool(self.get("testcookie") == "worked")

    def delete_test_cookie(self) -> None:
        """Raises `KeyError` where there is none. It does not count as a modification."""
        del self.loaded()["testcookie"]

    def set_expiry(self, value: Any) -> None:
        """Seconds of inactivity, 0 for the browser's session, a moment, a time from now, or None for the default."""
        if value is None:
            self.pop(EXPIRY, None)
            return
        moment = self._moment() + value if isinstance(value, timedelta) else value
        self.set(EXPIRY, moment.isoformat() if isinstance(moment, datetime) else moment)

    def get_expiry_age(self) -> int:
        """Seconds until it ends."""
        expiry = self.get(EXPIRY)
        if isinstance(expiry, str):
            left = datetime.fromisoformat(expiry) - self._moment()
            return left.days * 86400 + left.seconds
        return int(expiry or AGE)

    def get_expiry_date(self) -> datetime:
        """The moment at which it ends."""
        expiry = self.get(EXPIRY)
        if isinstance(expiry, str):
            return datetime.fromisoformat(expiry)
        return self._moment() + timedelta(seconds=expiry or AGE)

    def get_expire_at_browser_close(self) -> bool:
        """Whether it ends with the browser's session."""
        return bool(self.get(EXPIRY) == 0)

    def is_empty(self) -> bool:
        """Whether there is neither key nor data. It does not load anything."""
        return self.key is None and not self.data

    def exists(self, key: str) -> bool:
        """Whether the store has such a session, even one that has ended."""
        return key in self.store and (not self.ended_is_gone or self._live(key) is not None)

    def create(self) -> None:
        """A new key, under which what is loaded is stored at once."""
        self.key = self._new_key()
        while self.exists(self.key):
            self.key = self._new_key()
        self.data = self.data if self.data is not None else {}
        self.accessed = self.modified = True
        self._store()

    def save(self) -> None:
        """Store the data. Raises `UpdateRefused` where the store has the session no longer."""
        if self.key is None:
            self.create()
            return
        self.loaded()
        if not self.exists(self.key or ""):
            raise UpdateRefused
        self._store()

    def delete(self, key: str | None = None) -> None:
        """Out of the store; the data stays."""
        self.store.pop(key or self.key or "", None)

    def flush(self) -> None:
        """Data and key are gone, here and in the store."""
        self.data, self.accessed, self.modified = {}, True, True
        self.delete()
        self.key = None

    def cycle_key(self) -> None:
        """The same data under a new key; the old one is gone from the store."""
        self.loaded()
        old = self.key
        self.create()
        if old:
            self.delete(old)

    def reload(self) -> None:
        """The session of the next request: its key is all that it knows."""
        self.data, self.accessed, self.modified = None, False, False

    def facts(self) -> tuple[Any, ...]:
        """What its owner sees of it without loading it: accessed, modified, whether it is empty, its key."""
        return self.accessed, self.modified, self.is_empty(), self.key

    def contents(self) -> dict[str, dict[str, Any]]:
        """The sessions that the store still has, with their data."""
        found = {key: self._live(key) for key in self.store}
        return {key: data for key, data in found.items() if data}

    def _new_key(self) -> str:
        self.made += 1
        return f"r{self.made}".ljust(32, "x")

    def _store(self) -> None:
        assert self.key is not None
        self.store[self.key] = (dict(self.data or {}), self.now + self.get_expiry_age())

    def _live(self, key: str | None) -> dict[str, Any] | None:
        data, ends = self.store.get(key or "", ({}, 0.0))
        return data if ends > self.now else None

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self.now, tz=timezone.utc)


@dataclass
class CookieModel(SessionModel):
    """A session of which the key is the data itself, signed: nothing is ever missing, and nothing is kept elsewhere."""

    written: dict[str, Any] | None = None

    def loaded(self) -> dict[str, Any]:
        """What was written last, when it is first asked for."""
        self.accessed = True
        if self.data is None:
            self.data = dict(self.written or {})
        return self.data

    def exists(self, key: str) -> bool:  # noqa: ARG002 - the key says nothing
        """No key is ever taken."""
        return False

    def create(self) -> None:
        """The browser is given a cookie."""
        self.modified = True

    def save(self) -> None:
        """The data becomes the key."""
        self.written, self.key, self.modified = dict(self.loaded()), "signed", True

    def cycle_key(self) -> None:
        """The same."""
        self.save()

    def delete(self, key: str | None = None) -> None:  # noqa: ARG002 - there is no other
        """Key and data are gone."""
        self.written, self.key, self.data, self.modified = None, None, {}, True

    def contents(self) -> dict[str, dict[str, Any]]:
        """There is no store."""
        return {}

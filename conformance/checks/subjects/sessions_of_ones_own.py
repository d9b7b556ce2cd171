"""A session engine of a project's own, with the methods that it must have: it inherits all others from Django."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError

from conformance.checks.instruments.clock import CLOCK

# The data by the session's key, each with the second at which it ends.
STORE: dict[str, tuple[dict[str, Any], float]] = {}


class SessionStore(SessionBase):
    """Sessions in a dictionary; one that has ended is not there."""

    def load(self) -> dict[str, Any]:
        """The data; a session that is not there has no key any more."""
        key = self.session_key
        if key is None or not self.exists(key):
            self._session_key = None
            return {}
        return dict(STORE[key][0])

    def exists(self, session_key: str | None) -> bool:
        """Whether it is there."""
        return session_key in STORE and STORE[session_key][1] > CLOCK.seconds

    def create(self) -> None:
        """A new key, under which nothing is stored."""
        session: Any = self
        self._session_key = session._get_new_session_key()
        self.save(must_create=True)
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        """Store the data. Raises `CreateError` or `UpdateError` where a session is, or is not, there already."""
        if self.session_key is None:
            return self.create()
        if must_create == self.exists(self.session_key):
            raise CreateError if must_create else UpdateError
        # As Django's own engines do: a new session is not loaded first.
        session: Any = self
        STORE[self.session_key] = dict(session._get_session(no_load=must_create)), CLOCK.seconds + self.get_expiry_age()
        return None

    def delete(self, session_key: str | None = None) -> None:
        """Forget one, by default this one."""
        STORE.pop(session_key or self.session_key or "", None)

    @classmethod
    def clear_expired(cls) -> None:
        """Forget those that have ended."""
        for key in [key for key, (_, end) in STORE.items() if end <= CLOCK.seconds]:
            del STORE[key]

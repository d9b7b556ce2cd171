"""Users, groups and permissions beside the usual rows, sessions of users who have logged in, and fast passwords."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from conformance.checks.instruments.clock import restart, still
from conformance.checks.instruments.hashing import encoded, hashers
from conformance.checks.plain import mask_key
from conformance.checks.seed import KNOWN_KEYS, key
from conformance.checks.subjects.sessions_engines import LIVE, SessionRows, Stored, engine_class
from conformance.strategies import Rows
from conformance.strategies.rows import LAST_KEY

JOAN = "joan"
PASSWORD = "right"
MODEL, ALLOW_ALL, REMOTE = (
    f"django.contrib.auth.backends.{name}"
    for name in ("ModelBackend", "AllowAllUsersModelBackend", "RemoteUserBackend")
)
# Each in another way: checked as it is, upgraded for its algorithm, for its rounds, never right, not readable.
PASSWORDS = {
    "current": encoded("current", PASSWORD),
    "of another algorithm": encoded("outdated", PASSWORD),
    "of fewer rounds": encoded("current", PASSWORD, rounds=1),
    "unusable": "!",
    "unreadable": "x",
}
CODENAMES = ("add_post", "change_post", "view_tag")
PERMISSIONS = tuple(f"sample_app.{codename}" for codename in CODENAMES)
# Whom a session belongs to: nobody, one without a key; or Joan, her password's hash right, wrong, missing, of a secret
# that was replaced; or somebody else; or Joan by a backend that is no longer there; or it has only a part of what
# `login` leaves, or another key than a user can have.
_IN_PART = {"without user": "_auth_user_id", "without backend": "_auth_user_backend", "missing": "_auth_user_hash"}
SESSIONS = (
    *("none", "anonymous", "right", "right", "wrong", "fallback", "other", "unknown backend", "gone", "unreadable"),
    *_IN_PART,
)
# Keys of links, which nobody asks for: masked as those of new rows are, and below those.
_LINK = LAST_KEY + 1


@dataclass(frozen=True)
class People(Rows):
    """Joan beside the usual two users. Permissions are positions in `CODENAMES`; she is in the first group."""

    active: bool = True
    superuser: bool = False
    password: str = "current"
    own: tuple[int, ...] = ()
    of_group: tuple[int, ...] = ()
    session: str = "none"
    backend: str = MODEL

    def more(self) -> Iterable[tuple[type[Any], list[dict[str, Any]]]]:
        """Joan, her groups and permissions, and the session that is in the table."""
        from django.contrib.auth.models import Group, User

        restart()
        permissions = permission_keys()
        (sessions,) = SessionRows((), (), stored=tuple(self._sessions())).more()
        yield User, [self._joan()]
        yield Group, [{"id": key(position), "name": name} for position, name in enumerate(("editors", "readers"))]
        yield User.groups.through, [{"id": _LINK, "user": key(2), "group": key(0)}]
        yield (
            User.user_permissions.through,
            [{"id": _LINK + at, "user": key(2), "permission": permissions[at]} for at in self.own],
        )
        yield (
            Group.permissions.through,
            [{"id": _LINK + at, "group": key(0), "permission": permissions[at]} for at in self.of_group],
        )
        yield sessions

    def _joan(self) -> dict[str, Any]:
        return {
            "id": key(2),
            "username": JOAN,
            "password": PASSWORDS[self.password],
            "is_superuser": self.superuser,
            "first_name": "",
            "last_name": "",
            "email": "joan@example.com",
            "is_staff": False,
            "is_active": self.active,
            "date_joined": datetime(2000, 1, 1, tzinfo=timezone.utc),
        }

    def _sessions(self) -> Iterator[Stored]:
        if self.session == "anonymous":
            yield Stored(LIVE, (("cart", 1),), 1000)
        elif self.session != "none":
            yield Stored(LIVE, (*self._login().items(), ("cart", 1)), 1000)

    def _login(self) -> dict[str, str]:
        """What `login` leaves in the session."""
        others = {"other": key(0), "gone": key(90), "unreadable": "x"}
        login = {
            "_auth_user_id": str(others.get(self.session, key(2))),
            "_auth_user_backend": "there.is.None" if self.session == "unknown backend" else self.backend,
            "_auth_user_hash": self._hash(),
        }
        return {name: value for name, value in login.items() if name != _IN_PART.get(self.session)}

    def _hash(self) -> str:
        from django.contrib.auth.models import User

        if self.session == "wrong":
            return "x"
        user = User(password="!" if self.session == "other" else PASSWORDS[self.password])
        # From Django 4.1 on.
        fallback_hashes = getattr(user, "get_session_auth_fallback_hash", tuple)
        fallbacks = list(fallback_hashes())
        return fallbacks[0] if self.session == "fallback" and fallbacks else user.get_session_auth_hash()


@functools.cache
def _permission_keys(database: str) -> tuple[int, ...]:  # noqa: ARG001 - once for each
    from django.contrib.auth.models import Permission

    found = dict(Permission.objects.filter(content_type__app_label="sample_app").values_list("codename", "pk"))
    return tuple(found[codename] for codename in CODENAMES)


def permission_keys() -> tuple[int, ...]:
    """The keys of the permissions of `CODENAMES`, which the migrations have made."""
    from django.db import connection

    return _permission_keys(str(connection.settings_dict["NAME"]))


def joan() -> Any:
    """Joan, fetched by the synchronous ORM."""
    return user_at(2)


def user_at(position: int) -> Any:
    """A user: the usual two, or Joan."""
    from django.contrib.auth.models import User

    return User.objects.get(pk=key(position))


def request_of(people: People) -> Any:
    """A request with its session, as the middleware for sessions and authentication leave it."""
    from django.contrib.auth.middleware import AuthenticationMiddleware
    from django.http import HttpRequest

    restart()
    request = HttpRequest()
    request.method, request.path = "GET", "/page"
    request.META.update({"SERVER_NAME": "testserver", "SERVER_PORT": "80"})
    request.session = engine_class("db")(None if people.session == "none" else LIVE)
    middleware: Any = AuthenticationMiddleware
    middleware(lambda _: None).process_request(request)
    return request


def seen_of(request: Any) -> dict[str, Any]:
    """What is to be seen of a request and its session afterwards."""
    session = request.session
    return {
        "accessed": session.accessed,
        "modified": session.modified,
        "session_key": session.session_key,
        "data": {name: _masked(name, value) for name, value in session.items()},
        "csrf": request.META.get("CSRF_COOKIE"),
    }


def _masked(name: str, value: Any) -> Any:
    return mask_key(int(value), KNOWN_KEYS) if name == "_auth_user_id" and value.isdecimal() else value


@contextmanager
def surroundings(example: Any) -> Iterator[None]:
    """The clock stands still, passwords cost nothing, and the backends are those of the example."""
    from django.test import override_settings

    settings = {
        "PASSWORD_HASHERS": hashers(),
        "AUTHENTICATION_BACKENDS": list(getattr(example, "backends", (MODEL,))),
        "SECRET_KEY_FALLBACKS": ["replaced"],
    }
    with still(), override_settings(**settings):
        yield

"""Backends and managers of users: Django's own, and those of a project that overrides their synchronous methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.instruments.clock import restart
from conformance.checks.instruments.hashing import hashed_from_now
from conformance.checks.registry import register_experiment
from conformance.checks.seed import key
from conformance.checks.stage import Stage
from conformance.checks.subjects.auth import described, people
from conformance.checks.subjects.auth_people import (
    ALLOW_ALL,
    JOAN,
    MODEL,
    PASSWORD,
    PASSWORDS,
    PERMISSIONS,
    REMOTE,
    People,
    joan,
    request_of,
    surroundings,
    user_at,
)
from conformance.checks.subjects.auth_permissions import METHODS as RIGHTS
from conformance.checks.subjects.auth_permissions import backend_of
from conformance.checks.subjects.cache import Call, calls
from conformance.checks.twins import operation

_HERE = __name__
JOANS_KEY, GONE = key(2), key(90)


def __getattr__(name: str) -> Any:
    """Backends of a project's own, made when Django is there."""
    if name not in _MADE:
        raise AttributeError(name)
    return _MADE[name]()


def _badges() -> type[Any]:
    """A backend that has the synchronous methods alone: the others are for the base class to make of them."""
    from django.contrib.auth.backends import BaseBackend

    class Badges(BaseBackend):
        def authenticate(self, request: Any, **kwargs: Any) -> Any:  # noqa: ARG002 - the protocol
            return user_at(kwargs["badge"]) if "badge" in kwargs else None

        def get_user(self, user_id: int) -> Any:
            return user_at(2) if user_id == JOANS_KEY else None

        def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
            return {PERMISSIONS[0]} if obj is None else {f"{PERMISSIONS[1]}", str(user_obj.pk)}

        def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:  # noqa: ARG002 - the protocol
            return {PERMISSIONS[2]} if obj is None else set()

    return Badges


def _remote(**attributes: Any) -> type[Any]:
    from django.contrib.auth.backends import RemoteUserBackend

    def clean_username(self: Any, username: str) -> str:  # noqa: ARG001 - a method
        return username.partition("@")[0]

    def configure_user(self: Any, request: Any, user: Any, created: bool = True) -> Any:  # noqa: ARG001 - the protocol
        """Notes what it was told where that can be seen."""
        if user is not None:
            user.first_name = f"created: {created}"
        return user

    methods = {"clean_username": clean_username, "configure_user": configure_user}
    return type("Remote", (RemoteUserBackend,), {**methods, **attributes})


_MADE: dict[str, Callable[[], Any]] = {
    "Badges": _badges,
    "Remote": _remote,
    "KnownRemote": lambda: _remote(create_unknown_user=False),
}
_REMOTES = (
    REMOTE,
    f"{_HERE}.Remote",
    f"{_HERE}.KnownRemote",
    f"{REMOTE.rpartition('.')[0]}.AllowAllUsersRemoteUserBackend",
)


@dataclass(frozen=True)
class Asked:
    """Joan, the backend, and what it is asked. `request` and `user` in the arguments stand for those."""

    rows: People
    backend: str
    call: Call
    backends: tuple[str, ...] = (MODEL,)


def _asked(backends: tuple[str, ...], found: list[Call], **fixed: Any) -> st.SearchStrategy[Asked]:
    return st.builds(Asked, people(**fixed), st.sampled_from(backends), st.sampled_from(found))


def _resolved(value: Any, example: Asked) -> Any:
    if value == "request":
        return request_of(example.rows)
    return joan() if value == "user" else value


def of_backend(stage: Stage, example: Asked) -> Sides:
    """The backend's method in both ways."""
    restart()
    args = [_resolved(value, example) for value in example.call.args]
    sides = operation(stage, backend_of(example.backend), example.call.name, *args, **dict(example.call.kwargs))
    return replace(sides, held=(*(each for each in args if hasattr(each, "_meta")), hashed_from_now()))


def _not_overridden(stage: Stage, example: Asked) -> Sides:
    return replace(of_backend(stage, example), overriding=None)


def _source(example: Asked) -> tuple[str, str]:
    name = example.backend.rpartition(".")[2]
    setting = f"# {described(example.rows)}"
    call = replace(
        example.call, args=tuple(Bare(each) if each in ("request", "user") else each for each in example.call.args)
    )
    return f"{setting}\n{call.source(f'{name}()')}", f"{setting}\nawait {call.source(f'{name}()', 'a')}"


class Bare(str):
    """A name, which prints without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def register(entry: str, examples: st.SearchStrategy[Any], prepare: Callable[[Stage, Any], Sides], source: Any) -> None:
    """Register what is asked of a backend, or of a manager."""
    overridden = entry.endswith(".overridden")
    register_experiment(entry, examples, prepare, source, surroundings=surroundings, overridden=overridden)


_BADGES = (f"{_HERE}.Badges",)
_OBJ = {"obj": (None, "a post")}
_BASE = {
    "authenticate": calls("authenticate", ("request", None), badge=(2, 0)),
    "get_user": calls("get_user", (JOANS_KEY, GONE)),
    "get_user_permissions": calls("get_user_permissions", ("user",), **_OBJ),
    "get_group_permissions": calls("get_group_permissions", ("user",), **_OBJ),
    "get_all_permissions": calls("get_all_permissions", ("user",), **_OBJ),
    "has_perm": calls("has_perm", ("user",), PERMISSIONS[:2], **_OBJ),
}
for _name, _found in _BASE.items():
    register(f"auth.base_backend.a{_name}", _asked(_BADGES, _found, password="current"), of_backend, _source)
register(
    "auth.base_backend.overridden",
    _asked(_BADGES, [Call("has_perm", ("user", PERMISSIONS[0])), Call("get_all_permissions", ("user",))]),
    of_backend,
    _source,
)

_CREDENTIALS = [
    *(calls("authenticate", ("request", None), username=(JOAN, "nobody", "ada"), password=(PASSWORD, "wrong"))),
    *(calls("authenticate", ("request",), (JOAN,), (PASSWORD, PASSWORD, PASSWORD, "wrong")) * 6),
]
# Mostly one whose hash is stored anew: a call that is to be seen to write.
_ANY_PASSWORD = st.sampled_from((*PASSWORDS, *("of another algorithm", "of fewer rounds") * 3))
for _backend, _path in (("model_backend", MODEL), ("allow_all_users_model_backend", ALLOW_ALL)):
    register(
        f"auth.{_backend}.aauthenticate",
        _asked((_path,), _CREDENTIALS, password=_ANY_PASSWORD),
        _not_overridden,
        _source,
    )
    register(
        f"auth.{_backend}.aget_user",
        _asked((_path,), calls("get_user", (JOANS_KEY, JOANS_KEY, JOANS_KEY, GONE, "x"))),
        _not_overridden,
        _source,
    )
_REMOTE_USERS = calls("authenticate", ("request", None), (JOAN, "joan@example.com", "new", "new@example.com", "", None))
register("auth.remote_user_backend.aauthenticate", _asked(_REMOTES, _REMOTE_USERS), _not_overridden, _source)
register(
    "auth.remote_user_backend.aconfigure_user",
    _asked(_REMOTES[:2], calls("configure_user", ("request", None), ("user",), created=(True, False))),
    of_backend,
    _source,
)
_OVERRIDDEN = [
    Call("authenticate", ("request",), (("username", JOAN), ("password", PASSWORD))),
    Call("get_user", (JOANS_KEY,)),
    *(Call(name, ("user", *RIGHTS[name][0].args)) for name in RIGHTS if name != "has_perms"),
]
register("auth.model_backend.overridden", _asked((MODEL,), _OVERRIDDEN, password="current"), of_backend, _source)

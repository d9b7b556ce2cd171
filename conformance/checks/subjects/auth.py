"""The functions of `django.contrib.auth`, and the passwords of users."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import CONDITIONS, Sides, in_turn
from conformance.checks.instruments.clock import restart
from conformance.checks.instruments.hashing import hashed_from_now
from conformance.checks.outcomes import Absent
from conformance.checks.registry import register_experiment
from conformance.checks.seed import key
from conformance.checks.stage import Stage
from conformance.checks.subjects.auth_backends_own import BADGES, DENYING, FAILING
from conformance.checks.subjects.auth_people import (
    ALLOW_ALL,
    JOAN,
    MODEL,
    PASSWORD,
    PASSWORDS,
    SESSIONS,
    People,
    request_of,
    seen_of,
    surroundings,
    user_at,
)
from conformance.checks.twins import mapped, operation


@dataclass(frozen=True)
class Authenticating:
    """Who is there, which backends are asked, and with which credentials."""

    rows: People
    backends: tuple[str, ...]
    credentials: tuple[tuple[str, Any], ...]


_BACKENDS = ((MODEL,), (ALLOW_ALL,), (DENYING, MODEL), (BADGES, MODEL), (MODEL, BADGES), (FAILING, MODEL))
_CREDENTIALS = (
    (("username", JOAN), ("password", PASSWORD)),
    (("username", JOAN), ("password", "wrong")),
    (("username", "ada"), ("password", PASSWORD)),
    (("username", "nobody"), ("password", PASSWORD)),
    (("username", JOAN), ("password", None)),
    (("badge", 2),),
    (("token", "t"), ("name", "n")),
)


def people(**fixed: Any) -> st.SearchStrategy[People]:
    """Joan in her ways; what is fixed is not drawn."""
    drawn = {
        "active": st.sampled_from((True, True, False)),
        "superuser": st.just(False),
        "password": st.sampled_from(tuple(PASSWORDS)[:3]),
        "session": st.just("none"),
    }
    chosen = {name: value if isinstance(value, st.SearchStrategy) else st.just(value) for name, value in fixed.items()}
    return st.builds(People, st.just(()), st.just(()), **{**drawn, **chosen})


AUTHENTICATING = st.builds(
    Authenticating,
    people(password=st.sampled_from(tuple(PASSWORDS))),
    st.sampled_from(_BACKENDS),
    st.sampled_from(_CREDENTIALS),
)


def _vary_authenticating(example: Authenticating, turn: int) -> Authenticating:
    """Each credentials with each backends in turn: their numbers have nothing in common."""
    backends, credentials = _BACKENDS[turn % len(_BACKENDS)], _CREDENTIALS[turn % len(_CREDENTIALS)]
    return replace(example, backends=backends, credentials=credentials)


def _with_backend(user: Any) -> Any:
    return user if user is None else [user, user.backend]


def _authenticate(stage: Stage, example: Authenticating) -> Sides:
    from django.contrib import auth

    restart()
    sides = operation(stage, auth, "authenticate", held=(hashed_from_now(),), **dict(example.credentials))
    return mapped(sides, _with_backend)


def _authenticate_source(example: Authenticating) -> tuple[str, str]:
    given = ", ".join(f"{name}={value!r}" for name, value in example.credentials)
    setting = f"# AUTHENTICATION_BACKENDS = {list(example.backends)!r}; {described(example.rows)}"
    return f"{setting}\nauthenticate({given})", f"{setting}\nawait aauthenticate({given})"


def described(rows: People) -> str:
    """Who Joan is, as a comment says it."""
    state = "active" if rows.active else "not active"
    granted = f", own permissions {rows.own}, her group's {rows.of_group}" if rows.own or rows.of_group else ""
    return f"joan is {state}, her password {rows.password}, superuser {rows.superuser}, session {rows.session}{granted}"


register_experiment(
    "auth.aauthenticate",
    AUTHENTICATING,
    _authenticate,
    _authenticate_source,
    surroundings=surroundings,
    vary=_vary_authenticating,
)


@dataclass(frozen=True)
class Requesting:
    """A session, whether somebody has asked for the user already, and the function's arguments by name."""

    rows: People
    asked: bool
    who: int | None
    backends: tuple[str, ...]
    backend: Any


REQUESTING = st.builds(
    Requesting,
    people(session=st.sampled_from(SESSIONS), password="current"),
    st.booleans(),
    st.sampled_from((2, 2, 2, 2, 0, 0, None)),
    st.sampled_from(((MODEL,), (MODEL,), (MODEL, ALLOW_ALL))),
    st.sampled_from((None, None, MODEL, ALLOW_ALL, 5)),
)


# Joan, of a class whose sessions no new password ends.
_WITHOUT_HASH = 3
# Each session in turn, without and with the question who it is, of Joan and of somebody else: of drawn examples some
# would be missing, and what differs may show in one of them alone. Nobody comes as often as he is drawn.
_TURNS = (
    *product((2,), (False, True), dict.fromkeys(("right", "wrong", *SESSIONS))),
    *product((0,), (False,), dict.fromkeys(SESSIONS)),
    *product((0,), (True,), ("right", "other", "none")),
    *product((_WITHOUT_HASH,), (False,), ("right", "missing", "other")),
)


def _vary(example: Requesting, turn: int) -> Requesting:
    who, asked, session = in_turn(_TURNS, turn)
    rows = replace(example.rows, session=session)
    # Cancelled is the call, and not a question before it.
    asked = asked and not CONDITIONS[turn % len(CONDITIONS)].cancelled
    return replace(example, rows=rows, asked=asked, who=None if example.who is None else who)


def _arguments(name: str, example: Requesting, request: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if name == "login":
        return (request, _user(example)), {} if example.backend is None else {"backend": example.backend}
    if name == "update_session_auth_hash":
        return (request, STRANGER if _is_stranger(name, example) else _user_with_password(example)), {}
    return (request,), {}


def _user_with_password(example: Requesting) -> Any:
    """Mostly with what the function is there for: the session has the hash of the password before."""
    user = _user(example)
    if user is not None and not example.asked:
        user.password = PASSWORDS["of fewer rounds"]
    return user


def _ends_with_a_question(name: str, example: Requesting) -> bool:
    """Not where the answer is no longer Joan: her new password is not stored, or no password ends her sessions."""
    return example.who != _WITHOUT_HASH and (name != "update_session_auth_hash" or example.asked)


class Stranger:
    """What some middleware of a project's own takes for a user: it does not say whether it is one."""

    pk = 0


STRANGER = Stranger()


async def _astranger() -> Stranger:
    return STRANGER


def _is_stranger(name: str, example: Requesting) -> bool:
    """Whether it is somebody who has not what the function may ask a user for."""
    return (name, example.who) in {("logout", 0), ("update_session_auth_hash", _WITHOUT_HASH)}


def _user(example: Requesting) -> Any:
    """Nobody may be given, who stands for the user of the request; until Django 6.1 `login` takes him so, and warns."""
    if example.who is None:
        return None
    user = user_at(2 if example.who == _WITHOUT_HASH else example.who)
    if example.who == _WITHOUT_HASH:
        user.get_session_auth_hash = lambda: ""
    return user


def _of_request(name: str) -> Callable[[Stage, Requesting], Sides]:
    """The function's two sides, followed by the question who the request's user is then."""

    def prepare(stage: Stage, example: Requesting) -> Sides:
        from django.contrib import auth

        request = request_of(example.rows)
        if not hasattr(request, "auser"):
            raise Absent("a request has no auser")
        if _is_stranger(name, example):
            request.user, request.auser = STRANGER, _astranger
        args, kwargs = _arguments(name, example, request)
        sides = operation(stage, auth, name, *args, **kwargs)
        sides = mapped(sides, lambda user: user.pk) if name == "get_user" else sides

        asked_again = _ends_with_a_question(name, example)

        def sync() -> Any:
            before = request.user.pk if example.asked else None
            return [before, sides.sync(), request.user.pk if asked_again else None]

        async def asynchronous() -> Any:
            before = (await request.auser()).pk if example.asked else None
            return [before, await sides.asynchronous(), (await request.auser()).pk if asked_again else None]

        known = name == "get_user" and example.rows.session != "unreadable"
        model = (_expected_user(example),) if known else ()
        return replace(sides, sync=sync, asynchronous=asynchronous, held=(partial(seen_of, request),), model=model)

    return prepare


def _expected_user(example: Requesting) -> Any:
    """Before, now and afterwards the user of the session, where the hash of her password is right."""
    knows = example.rows.session in ("right", "fallback") and example.rows.active
    found = key(2) if knows else key(0) if example.rows.session == "other" else None
    return [found if example.asked else None, found, found if _ends_with_a_question("get_user", example) else None]


def _request_source(name: str) -> Callable[[Requesting], tuple[str, str]]:
    def source(example: Requesting) -> tuple[str, str]:
        user = {"login": f", {_named(example.who)}", "update_session_auth_hash": f", {_named(example.who)}"}.get(
            name, ""
        )
        given = user + (f", backend={example.backend!r}" if name == "login" and example.backend is not None else "")
        setting = f"# AUTHENTICATION_BACKENDS = {list(example.backends)!r}; {described(example.rows)}"
        setting += "; the request's user is of a class of its own, with a pk alone" * _is_stranger(name, example)
        sync, asynchronous = ["request.user"], ["await request.auser()"]
        before, after = example.asked, _ends_with_a_question(name, example)
        return (
            "\n".join([setting, *sync * before, f"{name}(request{given})", *sync * after]),
            "\n".join([setting, *asynchronous * before, f"await a{name}(request{given})", *asynchronous * after]),
        )

    return source


def _named(position: int | None) -> str:
    return {2: JOAN, 0: "ada", None: "None", _WITHOUT_HASH: "joan_without_a_hash"}[position]


for _name in ("login", "logout", "get_user", "update_session_auth_hash"):
    register_experiment(
        f"auth.a{_name}",
        REQUESTING,
        _of_request(_name),
        _request_source(_name),
        surroundings=surroundings,
        vary=_vary,
    )

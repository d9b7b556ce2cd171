"""The test clients: logging in and out, sessions, and the check against forged requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.instruments import declare
from conformance.checks.instruments.clock import restart, still
from conformance.checks.outcomes import Absent
from conformance.checks.registry import register_experiment
from conformance.checks.seed import USERNAMES
from conformance.checks.sites import VISIT, Site, masked, plain_response
from conformance.checks.stage import Stage
from conformance.strategies import NO_ROWS, Rows

# Quick to check: what is measured is not how long a password takes.
HASHER = "django.contrib.auth.hashers.MD5PasswordHasher"
PASSWORD = "pass word"
_MIDDLEWARE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
)
_SESSIONS = "django.contrib.sessions.backends."


@dataclass(frozen=True)
class Login:
    """Who logs in, with what, where sessions are kept, and what was in the session before."""

    username: str
    password: str
    engine: str
    before: tuple[tuple[str, Any], ...] = ()
    logged_in: bool = True
    rows: Rows = NO_ROWS


def _who(request: Any) -> Any:
    from django.http import JsonResponse

    return JsonResponse({"user": str(request.user), "session": sorted(request.session.keys())})


async def _awho(request: Any) -> Any:
    from django.http import JsonResponse

    session = request.session
    # Before Django 5.1 a session has no asynchronous methods, and the client's are there.
    keys = await (session.akeys() if hasattr(session, "akeys") else sync_to_async(session.keys)())
    return JsonResponse({"user": str(await request.auser()), "session": sorted(keys)})


SITE = Site(who=_who, awho=_awho)


@contextmanager
def surroundings(example: Login) -> Iterator[None]:
    """The site with sessions and users, where no key differs from run to run."""
    from django.test import override_settings

    overridden = override_settings(
        ROOT_URLCONF=SITE.urlconf,
        MIDDLEWARE=_MIDDLEWARE,
        SESSION_ENGINE=f"{_SESSIONS}{example.engine}",
        PASSWORD_HASHERS=[HASHER],
    )
    with overridden, still():
        yield


def _user(username: str) -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model().objects.filter(username=username).first()


def _prepared(example: Login) -> tuple[Any, Any]:
    """Both clients, and the first user with a password, where there was no session before."""
    from django.contrib.auth.hashers import make_password
    from django.contrib.sessions.models import Session
    from django.core.cache import cache
    from django.test import AsyncClient, Client

    if not hasattr(AsyncClient, "alogin"):
        raise Absent("AsyncClient has no alogin")
    restart()
    cache.clear()
    Session.objects.all().delete()
    _user(USERNAMES[0]).__class__.objects.filter(username=USERNAMES[0]).update(
        password=make_password(PASSWORD, salt="s" * 22, hasher="md5")
    )
    first, second = Client(), AsyncClient()
    session = first.session
    for name, value in example.before:
        session[name] = value
    session.save()
    # Only one of them will be used.
    first.cookies["sessionid"] = second.cookies["sessionid"] = str(session.session_key)
    return first, second


def _seen(client: Any, response: Any) -> dict[str, Any]:
    jar = sorted(masked(morsel.OutputString()) for morsel in client.cookies.values())
    return {"jar": jar, "body": plain_response(response)["body"]}


# What is done with a client, and the same asynchronously.
Deed = tuple[Callable[[Any, Login], Any], Callable[[Any, Login], Awaitable[Any]]]


def _logging(name: str, deed: Deed) -> Callable[[Stage, Login], Sides]:
    """The deed, and what the client then is to a view."""
    do, ado = deed

    def prepare(_stage: Stage, example: Login) -> Sides:
        first, second = _prepared(example)

        def sync() -> Any:
            with VISIT.to(example):
                done = do(first, example)
                return done, _seen(first, first.get("/who/"))

        async def asynchronous() -> Any:
            with VISIT.to(example):
                done = await ado(second, example)
                return done, _seen(second, await second.get("/awho/"))

        declared = (declare(getattr(first, name)), declare(getattr(second, f"a{name}"))) if name != "session" else None
        return Sides(sync, asynchronous, declared=declared)

    return prepare


def _login(client: Any, example: Login) -> Any:
    return client.login(username=example.username, password=example.password)


async def _alogin(client: Any, example: Login) -> Any:
    return await client.alogin(username=example.username, password=example.password)


def _force_login(client: Any, example: Login) -> Any:
    return client.force_login(_user(example.username))


async def _aforce_login(client: Any, example: Login) -> Any:
    from django.contrib.auth import get_user_model

    return await client.aforce_login(await get_user_model().objects.filter(username=example.username).afirst())


def _logout(client: Any, example: Login) -> Any:
    if example.logged_in:
        client.login(username=USERNAMES[0], password=PASSWORD)
    return client.logout()


async def _alogout(client: Any, example: Login) -> Any:
    if example.logged_in:
        await client.alogin(username=USERNAMES[0], password=PASSWORD)
    return await client.alogout()


def _session(client: Any, example: Login) -> Any:
    session = client.session
    session["added"] = example.username
    session.save()
    return sorted(session.items()), client.session.session_key == session.session_key


async def _asession(client: Any, example: Login) -> Any:
    session = await client.asession()
    if not hasattr(session, "aset"):
        return await sync_to_async(_session)(client, example)
    await session.aset("added", example.username)
    await session.asave()
    return sorted(await session.aitems()), (await client.asession()).session_key == session.session_key


_ENGINES = st.sampled_from(["db", "signed_cookies", "cache"])
_BEFORE = st.sampled_from([(), (("basket", [1, 2]),), (("a", "é"), ("b", None))])
LOGINS = st.builds(
    Login,
    st.sampled_from([USERNAMES[0], USERNAMES[0], USERNAMES[1], "nobody"]),
    st.sampled_from([PASSWORD, PASSWORD, "wrong"]),
    _ENGINES,
    _BEFORE,
    st.booleans(),
)
_KNOWN = st.builds(Login, st.sampled_from(USERNAMES), st.just(""), _ENGINES, _BEFORE)


def _source(call: str) -> Callable[[Login], tuple[str, str]]:
    def source(example: Login) -> tuple[str, str]:
        given = {
            "login": f"username={example.username!r}, password={example.password!r}",
            "force_login": f"await User.objects.aget(username={example.username!r})",
        }.get(call, "")
        before = "".join(f"; session[{name!r}] = {value!r}" for name, value in example.before)
        first = f"client = Client()  # SESSION_ENGINE: {example.engine}{before}\n"
        asked = "session" if call == "session" else f"{call}({given.replace('await ', '').replace('aget', 'get')})"
        return (
            f"{first}client.{asked}; client.get('/who/')",
            f"{first.replace('Client', 'AsyncClient')}await client.a{call}({given}); await client.get('/who/')",
        )

    return source


for _name, _deed, _examples in (
    ("login", (_login, _alogin), LOGINS),
    ("force_login", (_force_login, _aforce_login), _KNOWN),
    ("logout", (_logout, _alogout), LOGINS),
    ("session", (_session, _asession), LOGINS),
):
    register_experiment(
        f"client.a{_name}", _examples, _logging(_name, _deed), _source(_name), surroundings=surroundings
    )

"""Decorators and middleware of the auth system around synchronous views and asynchronous ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import CONDITIONS, Sides
from conformance.checks.outcomes import Absent
from conformance.checks.registry import register_experiment
from conformance.checks.sites import ARGUMENT, NUMBER
from conformance.checks.stage import Stage
from conformance.checks.subjects.auth import described, people
from conformance.checks.subjects.auth_backends import Bare
from conformance.checks.subjects.auth_people import (
    JOAN,
    MODEL,
    PERMISSIONS,
    SESSIONS,
    People,
    request_of,
    seen_of,
    surroundings,
)
from conformance.checks.subjects.cache import Call, calls


def user_view(request: Any, *given: Any, **named: Any) -> Any:
    """Answers with whom it takes the user for, and with what the URL gave it."""
    from django.http import HttpResponse

    return HttpResponse(f"seen by {request.user.get_username()} with {given} and {named}")


async def user_aview(request: Any, *given: Any, **named: Any) -> Any:
    """The same, as a coroutine function."""
    from django.http import HttpResponse

    return HttpResponse(f"seen by {(await request.auser()).get_username()} with {given} and {named}")


def _plain_view(_: Any) -> Any:
    from django.http import HttpResponse

    return HttpResponse("seen")


async def _plain_aview(_: Any) -> Any:
    return _plain_view(_)


def is_joan(user: Any) -> bool:
    """A test of the project's own."""
    return bool(user.get_username() == JOAN)


async def ais_joan(user: Any) -> bool:
    """The same, as a coroutine function."""
    return is_joan(user)


@dataclass(frozen=True)
class Viewing:
    """Whose session it is, what Joan may do, and what is around the view."""

    rows: People
    call: Call
    backends: tuple[str, ...] = (MODEL,)


_DECORATORS = {
    "login_required": calls(
        "login_required", login_url=("/in/", "https://other.example/in/"), redirect_field_name=("to",)
    ),
    "user_passes_test": calls(
        "user_passes_test", (is_joan, ais_joan), login_url=("/in/",), redirect_field_name=("to",)
    ),
    "permission_required": calls(
        "permission_required",
        (PERMISSIONS[0], PERMISSIONS[:2], (PERMISSIONS[1],)),
        login_url=("/in/",),
        raise_exception=(True,),
    ),
}


def _viewings(found: list[Call]) -> st.SearchStrategy[Viewing]:
    drawn = people(
        password="current",
        session=st.sampled_from(SESSIONS),
        own=st.sampled_from(((), (0,), (0, 1))),
        superuser=st.sampled_from((False, False, True)),
    )
    return st.builds(Viewing, drawn, st.sampled_from(found))


def told(response: Any) -> Any:
    """What a response says: its status, where it leads to, and its text."""
    return response.status_code, response.headers.get("Location"), response.content.decode()


def _decorated(_: Stage, example: Viewing) -> Sides:
    from django.contrib.auth import decorators

    request = request_of(example.rows)
    if not hasattr(request, "auser"):
        raise Absent("a request has no auser")
    decorator, kwargs = getattr(decorators, example.call.name), dict(example.call.kwargs)
    aview = decorator(*example.call.args, **kwargs)(user_aview)
    # Around a synchronous view a coroutine function as the test is another matter: it has an entry of its own.
    view = decorator(*(is_joan if each is ais_joan else each for each in example.call.args), **kwargs)(user_view)

    async def asynchronous() -> Any:
        return told(await aview(request, NUMBER, argument=ARGUMENT))

    return Sides(
        lambda: told(view(request, NUMBER, argument=ARGUMENT)), asynchronous, held=(partial(seen_of, request),)
    )


def _test_of_sync_view(_: Stage, example: Viewing) -> Sides:
    """A synchronous view with a test of either kind: the kind of the test makes no difference."""
    from asgiref.sync import sync_to_async
    from django.contrib.auth import decorators

    request = request_of(example.rows)
    test: Any = decorators.user_passes_test

    async def asynchronous() -> Any:
        return told(await sync_to_async(test(ais_joan)(user_view))(request, NUMBER, argument=ARGUMENT))

    def sync() -> Any:
        return told(test(is_joan)(user_view)(request, NUMBER, argument=ARGUMENT))

    return Sides(sync, asynchronous, held=(partial(seen_of, request),))


def _decorated_source(example: Viewing) -> tuple[str, str]:
    args = tuple(Bare(getattr(each, "__name__", repr(each))) for each in example.call.args)
    decorator = replace(example.call, args=args).source("decorators")
    return (
        f"# {described(example.rows)}\n{decorator}(view)(request, {NUMBER}, argument={ARGUMENT!r})",
        f"# {described(example.rows)}\nawait {decorator}(async_view)(request, {NUMBER}, argument={ARGUMENT!r})",
    )


for _name, _found in _DECORATORS.items():
    register_experiment(f"auth.{_name}", _viewings(_found), _decorated, _decorated_source, surroundings=surroundings)


register_experiment(
    "auth.user_passes_test.sync_view",
    _viewings([Call("user_passes_test")]),
    _test_of_sync_view,
    lambda example: (
        f"# {described(example.rows)}\nuser_passes_test(is_joan)(view)(request)",
        f"# {described(example.rows)}\nuser_passes_test(async_is_joan)(view)(request)",
    ),
    surroundings=surroundings,
)


def _auser(_: Stage, example: Viewing) -> Sides:
    """`request.user` and `request.auser()`, asked twice: the second answer is the first one."""
    request = request_of(example.rows)
    if not hasattr(request, "auser"):
        raise Absent("a request has no auser")

    async def asynchronous() -> Any:
        first, second = await request.auser(), await request.auser()
        return [first.pk, first.get_username(), first is second]

    return Sides(
        lambda: [request.user.pk, request.user.get_username(), True],
        asynchronous,
        held=(partial(seen_of, request),),
    )


register_experiment(
    "auth.auser",
    _viewings([Call("auser")]),
    _auser,
    lambda example: (
        f"# {described(example.rows)}\nrequest.user",
        f"# {described(example.rows)}\nawait request.auser()",
    ),
    surroundings=surroundings,
)


def _required(_: Stage, example: Viewing) -> Sides:
    """`LoginRequiredMiddleware` in a project, asked by the clients as a browser would."""
    from django.conf import settings
    from django.contrib.auth import decorators
    from django.contrib.auth import middleware as found
    from django.test import AsyncClient, Client, override_settings
    from django.urls import path

    if not hasattr(found, "LoginRequiredMiddleware"):
        raise Absent("there is no LoginRequiredMiddleware")
    request_of(example.rows)
    around: Callable[[Any], Any] = {"open": decorators.login_not_required, "plain": lambda view: view}[
        example.call.name
    ]
    wrapped = _with_login_url if example.call.args else around
    chain = [*settings.MIDDLEWARE[:2], "django.contrib.auth.middleware.LoginRequiredMiddleware"]

    def project(view: Any) -> Any:
        def named(request: Any) -> Any:
            return view(request)

        async def anamed(request: Any) -> Any:
            return await view(request)

        own = wrapped(anamed if view is _plain_aview else named)
        return override_settings(ROOT_URLCONF=(path("page", own),), MIDDLEWARE=chain)

    def sync() -> Any:
        client = Client()
        _give_cookie(client, example.rows)
        with project(_plain_view):
            return told(client.get("/page?a=1"))

    async def asynchronous() -> Any:
        client = AsyncClient()
        _give_cookie(client, example.rows)
        with project(_plain_aview):
            return told(await client.get("/page?a=1"))

    return Sides(sync, asynchronous)


def _renewing(example: Viewing, turn: int) -> Viewing:
    """Each time that a call is cancelled, a session whose key is renewed by the request: of two statements and more."""
    if CONDITIONS[turn % len(CONDITIONS)].cancelled:
        rows = replace(example.rows, session="fallback", active=True)
        return replace(example, rows=rows, call=Call("plain"))
    return example


def _with_login_url(view: Any) -> Any:
    """What `login_required` leaves on a view for the middleware to read."""
    view.login_url, view.redirect_field_name = "/own/", "to"
    return view


def _give_cookie(client: Any, rows: People) -> None:
    from conformance.checks.subjects.sessions_engines import LIVE

    if rows.session != "none":
        client.cookies["sessionid"] = LIVE


register_experiment(
    "auth.login_required_middleware",
    _viewings([Call("plain"), Call("open"), Call("plain", ("/own/",))]),
    _required,
    lambda example: (
        f"# {described(example.rows)}; the view is {example.call.name}\nclient.get('/page')",
        f"# {described(example.rows)}; the view is {example.call.name}\nawait async_client.get('/page')",
    ),
    surroundings=surroundings,
    vary=_renewing,
)

"""What a shared cache may give to others, and what must vary, by RFC 9111 and Django's documentation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.programs import visited
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT, Site
from conformance.checks.stage import Stage
from conformance.strategies import NO_ROWS, Rows

Headers = tuple[tuple[str, str], ...]
_MIDDLEWARE = ("django.middleware.cache.UpdateCacheMiddleware", "django.middleware.cache.FetchFromCacheMiddleware")


@dataclass(frozen=True)
class Shared:
    """Two requests by their headers, the second of which may be given the first one's response.

    `cookie` says that the response sets one, `known` that each client has another one already.
    """

    requests: tuple[Headers, Headers]
    response: Headers
    cookie: bool
    known: bool
    asynchronous_view: bool
    rows: Rows = NO_ROWS


def _page() -> Any:
    from django.http import HttpResponse

    VISIT.opened.append(None)
    response = HttpResponse("a page")
    for name, value in VISIT.example.response:
        response[name] = value
    if VISIT.example.cookie:
        response.set_cookie("secret", "one's own")
    return response


def _view(_: Any) -> Any:
    return _page()


async def _aview(_: Any) -> Any:
    return _page()


_SITES = {False: Site(page=_view), True: Site(page=_aview)}


@contextmanager
def _surroundings(example: Shared) -> Iterator[None]:
    from django.test import override_settings

    urlconf = _SITES[example.asynchronous_view].urlconf
    with override_settings(ROOT_URLCONF=urlconf, MIDDLEWARE=list(_MIDDLEWARE)):
        yield


def _may_be_given(example: Shared) -> bool:
    """Whether the second request may be answered by the response to the first."""
    first, second = (dict(each) for each in example.requests)
    response = dict(example.response)
    if "private" in response.get("Cache-Control", "").lower():
        return False
    vary = {name.strip().lower() for name in response.get("Vary", "").split(",")} - {""}
    if "*" in vary or (example.cookie and "cookie" in vary):
        return False
    if "Authorization" in first and "public" not in response.get("Cache-Control", ""):
        vary.add("authorization")
    return all(first.get(name) == second.get(name) for name in ("Authorization", "X-Mark") if name.lower() in vary)


def _asked(_stage: Stage, example: Shared) -> Sides:
    """How often the view is called."""
    from django.core.cache import cache
    from django.test import AsyncClient, Client

    cache.clear()
    VISIT.opened.clear()
    known = {"theme": "dark"} if example.known else {}

    def sync() -> Any:
        for headers in example.requests:
            client: Any = Client()
            client.cookies.load(known)
            client.get("/page/", **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers})
        return len(VISIT.opened)

    async def asynchronous() -> Any:
        for headers in example.requests:
            client: Any = AsyncClient()
            client.cookies.load(known)
            await client.get("/page/", **dict(headers))
        return len(VISIT.opened)

    return Sides(_visiting(sync, example), _avisiting(asynchronous, example), model=(2 - _may_be_given(example),))


def _visiting(call: Any, example: Any) -> Any:
    def sync() -> Any:
        with VISIT.to(example):
            return call()

    return sync


def _avisiting(call: Any, example: Any) -> Any:
    async def asynchronous() -> Any:
        with VISIT.to(example):
            return await call()

    return asynchronous


def _source(example: Shared) -> tuple[str, str]:
    page = f"the response: {dict(example.response)}{', which sets a cookie' if example.cookie else ''}"
    asked = [f"client.get('/page/', headers={dict(each)})" for each in example.requests]
    return "\n".join([page, *asked]), "\n".join(f"await {each}" for each in asked)


def _program(title: str, example: Shared) -> str:
    page = ['response = HttpResponse("a page")']
    page += [f"response[{name!r}] = {value!r}" for name, value in example.response]
    page += ['response.set_cookie("secret", "a secret")'] if example.cookie else []
    page += ["calls.append(request)", "return response"]
    cookies = {"theme": "dark"} if example.known else {}
    expected = f"the view is called {2 - _may_be_given(example)} times"
    program = visited(title, page, example.requests, cookies, expected, "len(calls)", MIDDLEWARE=list(_MIDDLEWARE))
    return program.replace("answers = []", "answers, calls = [], []")


_CONTROLS = ("", "private", "Private", "PRIVATE, max-age=60", "max-age=60", "public")


def _marked(name: str, *values: str | None) -> Any:
    """Two requests with such a header, or without."""
    headers = [() if value is None else ((name, value),) for value in values]
    return st.sampled_from([(first, second) for first in headers for second in headers])


def _shared(entry: str, requests: Any, control: Any, vary: Any, cookie: Any, known: Any) -> None:
    def example(asked: Any, control: str, vary: str, cookie: bool, known: bool, way: bool) -> Shared:
        headers = tuple((name, value) for name, value in (("Cache-Control", control), ("Vary", vary)) if value)
        return Shared(asked, headers, cookie, known, way)

    examples = st.builds(example, requests, control, vary, cookie, known, st.booleans())
    register_experiment(
        f"middleware.cache.shared.{entry}", examples, _asked, _source, surroundings=_surroundings, program=_program
    )


_ALIKE, _NOTHING, _NO = st.just(((), ())), st.just(""), st.just(False)
_shared("authorization", _marked("Authorization", None, "Basic a", "Basic b"), _NOTHING, _NOTHING, _NO, _NO)
_shared("control", _ALIKE, st.sampled_from(_CONTROLS), _NOTHING, _NO, _NO)
_shared("vary", _marked("X-Mark", "1", "2"), _NOTHING, st.sampled_from(("", "X-Mark", "*", "X-Mark, *")), _NO, _NO)
_shared("vary.spaced", _ALIKE, _NOTHING, st.sampled_from((" * ", "X-Mark , *", "X-Mark,* ", " X-Mark ")), _NO, _NO)
_shared("vary.absent", _marked("X-Mark", None, "", "1"), _NOTHING, st.just("X-Mark"), _NO, _NO)
_shared(
    "cookie",
    _ALIKE,
    _NOTHING,
    st.sampled_from(("", "Cookie", "cookie, X-Mark")),
    st.booleans(),
    st.booleans(),
)


@dataclass(frozen=True)
class Visiting:
    """What a view does with the session, and how sessions are saved."""

    act: str
    every_request: bool
    engine: str
    asynchronous_view: bool
    rows: Rows = NO_ROWS


def _act(request: Any) -> Any:
    from django.http import HttpResponse

    if VISIT.example.act == "writes":
        request.session["times"] = 1
    if VISIT.example.act == "reads":
        request.session.get("times")
    return HttpResponse("a page")


def _session_view(request: Any) -> Any:
    return _act(request)


async def _session_aview(request: Any) -> Any:
    from asgiref.sync import sync_to_async

    return await sync_to_async(_act)(request)


_SESSION_SITES = {False: Site(page=_session_view), True: Site(page=_session_aview)}


@contextmanager
def _session_surroundings(example: Visiting) -> Iterator[None]:
    from django.test import override_settings

    with override_settings(
        ROOT_URLCONF=_SESSION_SITES[example.asynchronous_view].urlconf,
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
        SESSION_ENGINE=f"django.contrib.sessions.backends.{example.engine}",
        SESSION_SAVE_EVERY_REQUEST=example.every_request,
    ):
        yield


def _varies(response: Any) -> bool:
    """Whether no cache may give a response with somebody's session to another."""
    return "sessionid" not in response.cookies or "Cookie" in response.get("Vary", "")


def _sessions(_stage: Stage, example: Visiting) -> Sides:
    """Every response that sets the session's cookie varies on it."""
    from django.test import AsyncClient, Client

    client, asgi = Client(), AsyncClient()
    for each in (client, asgi):
        # There is a session already, with something in it.
        session: Any = each.session
        session["before"] = 1
        session.save()

    def sync() -> Any:
        return [_varies(client.get("/page/")) for _ in range(2)]

    async def asynchronous() -> Any:
        return [_varies(await asgi.get("/page/")) for _ in range(2)]

    return Sides(_visiting(sync, example), _avisiting(asynchronous, example), model=([True, True],))


def _session_program(title: str, example: Visiting) -> str:
    acts = {"reads": ["request.session.get('times')"], "writes": ["request.session['times'] = 1"]}
    page = [*acts.get(example.act, []), 'return HttpResponse("a page")']
    program = visited(
        title,
        page,
        ((),),
        {},
        "a response with the cookie sessionid varies on Cookie",
        "[(sorted(answer.cookies), answer.get('Vary')) for answer in answers]",
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
        SESSION_ENGINE="django.contrib.sessions.backends.cache",
        SESSION_SAVE_EVERY_REQUEST=example.every_request,
    )
    # There is a session already, with something in it.
    begun = (
        "from django.contrib.sessions.backends.cache import SessionStore; "
        "session = SessionStore(); session['before'] = 1; session.save()\n"
    )
    return program.replace("answers = []\n", f"answers = []\n{begun}").replace(
        "client.cookies.load({})", 'client.cookies["sessionid"] = session.session_key'
    )


register_experiment(
    "middleware.sessions.vary",
    st.builds(
        Visiting,
        st.sampled_from(["does nothing with", "reads", "writes"]),
        st.booleans(),
        st.sampled_from(["cache", "signed_cookies"]),
        st.booleans(),
    ),
    _sessions,
    lambda example: (
        f"SESSION_SAVE_EVERY_REQUEST = {example.every_request}\n# {example.engine}: the view {example.act} the session",
        "the same, with AsyncClient",
    ),
    surroundings=_session_surroundings,
    program=_session_program,
)

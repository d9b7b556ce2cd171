"""The adapter for WSGI applications, encodings, and requests that no client sends: from factories."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.journal import Journal
from conformance.checks.outcomes import Absent
from conformance.checks.protocols import Request, ask_asgi, ask_wsgi
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT, Site, body_facts
from conformance.checks.stage import Stage
from conformance.checks.subjects.asgi import Exchange, source, whole
from conformance.strategies import NO_ROWS, Rows


def _plain(_: Any) -> Any:
    from django.http import HttpResponse

    return HttpResponse("not static")


def _encoded(request: Any) -> Any:
    """Read the form again after the encoding was set, as the documentation allows."""
    from django.http import HttpResponse

    before = dict(request.GET.lists())
    if VISIT.example.how:
        request.encoding = VISIT.example.how
    return HttpResponse(ascii((before, dict(request.GET.lists()), dict(request.POST.lists()), request.encoding)))


SITE = Site(plain=_plain, encoded=_encoded)


def _encoding_surroundings(_: Exchange) -> AbstractContextManager[object]:
    from django.test import override_settings

    return override_settings(ROOT_URLCONF=SITE.urlconf, MIDDLEWARE=[], ALLOWED_HOSTS=["*"])


def _encodings(stage: Stage, example: Exchange) -> Sides:
    from django.core.handlers.asgi import ASGIHandler
    from django.core.handlers.wsgi import WSGIHandler

    wsgi, asgi = WSGIHandler(), ASGIHandler()
    journal = Journal(stage.recorder, threads=())

    def sync() -> Any:
        with VISIT.to(example, journal):
            return whole(ask_wsgi(wsgi, example.request))

    async def asynchronous() -> Any:
        with VISIT.to(example, journal):
            return whole(await ask_asgi(asgi, example.request))

    return Sides(sync, asynchronous)


_FORM = "application/x-www-form-urlencoded"
register_experiment(
    "http.request.encoding",
    st.builds(
        lambda charset, query, body, how: Exchange(
            Request("/encoded/", "POST", query, (("Content-Type", f"{_FORM}{charset}"),), body), how
        ),
        st.sampled_from(["", "; charset=utf-8", "; charset=iso-8859-1"]),
        st.sampled_from(["a=1", "a=%E9", "a=%C3%A9"]),
        st.sampled_from([b"b=1", b"b=%C3%A9"]),
        st.sampled_from([None, "iso-8859-1", "utf-8"]),
    ),
    _encodings,
    source,
    surroundings=_encoding_surroundings,
)


def _application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """A WSGI application that says what it was told."""
    names = ("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH")
    told = {name: environ.get(name) or "" for name in names}
    headers = {name: value for name, value in sorted(environ.items()) if name.startswith("HTTP_")}
    body = environ["wsgi.input"].read()
    start_response("201 Created", [("X-One", "1"), ("X-One", "2"), ("Content-Type", "text/plain")])
    return [repr((told, headers)).encode(), b"", body]


def _adapted(_stage: Stage, example: Exchange) -> Sides:
    from asgiref import wsgi

    adapter: Any = wsgi.WsgiToAsgi

    async def asynchronous() -> Any:
        return whole(await ask_asgi(adapter(_application), example.request))

    return Sides(lambda: whole(ask_wsgi(_application, example.request)), asynchronous)


register_experiment(
    "asgiref.wsgi_to_asgi",
    st.builds(
        lambda path, query, headers, body, chunks: Exchange(Request(path, "POST", query, headers, body, chunks)),
        st.sampled_from(["/", "/a/path/", "/é/"]),
        st.sampled_from(["", "a=1&b=%C3%A9"]),
        st.sampled_from([(), (("X-Mark", "1"), ("Content-Type", "text/x-mine")), (("Cookie", "a=1"),)]),
        st.sampled_from([b"", b"some body", b"x" * 70]),
        st.sampled_from([(), (1, 2), (0, 5)]),
    ),
    _adapted,
    source,
)


@dataclass(frozen=True)
class Made:
    """A request that a factory makes: `given` are the arguments of its method, `factory` those of the factory."""

    verb: str
    path: str
    given: tuple[tuple[str, Any], ...]
    factory: tuple[tuple[str, Any], ...] = ()
    rows: Rows = NO_ROWS


def _request_facts(request: Any) -> Any:
    headers = sorted((name, value) for name, value in request.headers.items() if value and name != "Host")
    return {
        "method": request.method,
        "path": (request.path, request.get_full_path(), request.get_host(), request.is_secure()),
        "query": dict(request.GET.lists()),
        "headers": headers,
        **body_facts(request),
    }


def _made(_stage: Stage, example: Made) -> Sides:
    from django.test import AsyncRequestFactory, RequestFactory

    first, second = RequestFactory, AsyncRequestFactory
    for name, _ in example.factory:
        if name not in inspect.signature(second).parameters:
            raise Absent(f"AsyncRequestFactory takes no {name}")
    for name, _ in example.given:
        if name not in inspect.signature(getattr(second, example.verb)).parameters:
            raise Absent(f"AsyncRequestFactory.{example.verb} takes no {name}")

    def make(kind: Any) -> Any:
        return _request_facts(getattr(kind(**dict(example.factory)), example.verb)(example.path, **dict(example.given)))

    async def asynchronous() -> Any:
        return make(second)

    return Sides(lambda: make(first), asynchronous)


def _made_source(example: Made) -> tuple[str, str]:
    call = f"RequestFactory(**{dict(example.factory)}).{example.verb}({example.path!r}, **{dict(example.given)})"
    return call, f"Async{call}"


_VERBS = st.sampled_from(["get", "post", "put", "patch", "delete", "head", "options", "trace"])
_URLS = st.sampled_from(["/", "/a/?a=1", "/p%20q/?b=%C3%A9&b=2", "http://there/path/;x?c"])
_SECURE: Any = st.sampled_from([(), (("secure", True),)])
_MADE = st.builds(Made, _VERBS, _URLS, _SECURE)
register_experiment(
    "client.factory",
    st.one_of(
        _MADE,
        st.builds(
            lambda made, data: replace(made, verb="post", given=(("data", data),)),
            _MADE,
            st.sampled_from([{"a": "1"}, {"a": ["1", "2"], "b": "é"}, {}]),
        ),
        st.builds(
            lambda made, verb, data: replace(made, verb=verb, given=(("data", data), ("content_type", "text/x-mine"))),
            _MADE,
            st.sampled_from(["put", "patch", "delete"]),
            st.sampled_from(["", "text é", b"\x00\xff"]),
        ),
    ),
    _made,
    _made_source,
)
register_experiment(
    "client.factory.unicode_path",
    st.builds(Made, _VERBS, st.sampled_from(["/é/", "/%C3%A9/?a=1", "/日本/", "/a/"]), _SECURE),
    _made,
    _made_source,
)
_HEADERS = st.sampled_from([{"X-Mark": "1"}, {"Accept": "text/html", "x-two": "é"}])
register_experiment(
    "client.factory.headers",
    st.builds(lambda made, headers: replace(made, given=(("headers", headers),)), _MADE, _HEADERS),
    _made,
    _made_source,
)
register_experiment(
    "client.factory.default_headers",
    st.builds(lambda made, headers: replace(made, factory=(("headers", headers),)), _MADE, _HEADERS),
    _made,
    _made_source,
)
register_experiment(
    "client.factory.query_params",
    st.builds(
        lambda made, query: replace(made, given=(("query_params", query),)),
        _MADE,
        st.sampled_from([{"q": "1"}, {"q": ["1", "2"], "r": "é"}]),
    ),
    _made,
    _made_source,
)

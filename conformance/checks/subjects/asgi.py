"""The ASGI handler against the WSGI handler: what a view is told of a request, and what a client gets."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.journal import Journal
from conformance.checks.programs import told
from conformance.checks.protocols import Answer, Request, ask_asgi, ask_wsgi, breach
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT, Site, body_facts, facts, meta_facts
from conformance.checks.stage import Stage
from conformance.strategies import NO_ROWS, Rows

# Bytes that a body may have at most, and what makes one larger than what is kept in memory.
MOST, ON_DISK = 200, "on disk"


@dataclass(frozen=True)
class Exchange:
    """A request, and what the view has to do with it, under these settings."""

    request: Request
    how: Any = None
    rows: Rows = NO_ROWS
    settings: tuple[tuple[str, Any], ...] = ()


def _told(request: Any) -> Any:
    from django.http import HttpResponse

    VISIT.journal.sync("told", request.method)
    return HttpResponse(repr((facts(request), meta_facts(request))))


async def _atold(request: Any) -> Any:
    from django.http import HttpResponse

    return HttpResponse(repr((facts(request), meta_facts(request))))


def _reading(request: Any) -> Any:
    """Read the body in the way that the example says."""
    from django.http import HttpResponse

    ways: dict[str, Callable[[], Any]] = {
        ON_DISK: lambda: body_facts(request),
        "parsed": lambda: body_facts(request),
        "body": lambda: (request.body, request.read(), dict(request.POST.lists())),
        "read": lambda: (request.read(5), request.read(), request.read(3)),
        "lines": lambda: list(request),
        "readline": lambda: (request.readline(), request.readlines()),
        "read, then body": lambda: (request.read(1), request.body),
    }
    return HttpResponse(repr(ways[VISIT.example.how]()))


async def _areading(request: Any) -> Any:
    return _reading(request)


def _writing(request: Any) -> Any:  # noqa: ARG001 - it is a view
    """Answer with the status, headers, cookies and body that the example says."""
    from django.http import HttpResponse

    status, headers, cookies, body = VISIT.example.how
    response = HttpResponse(body, status=status)
    for name, value in headers:
        response[name] = value
    for name, value, options in cookies:
        response.set_cookie(name, value, **dict(options))
    return response


async def _awriting(request: Any) -> Any:
    return _writing(request)


SITE = Site(
    told=_told,
    atold=_atold,
    reading=_reading,
    areading=_areading,
    writing=_writing,
    awriting=_awriting,
)


def surroundings(example: Any) -> AbstractContextManager[object]:
    """The site, without middleware, with limits that a small body reaches."""
    from django.test import override_settings

    return override_settings(
        ROOT_URLCONF=SITE.urlconf,
        MIDDLEWARE=[],
        ALLOWED_HOSTS=["*"],
        FILE_UPLOAD_MAX_MEMORY_SIZE=10 if example.how == ON_DISK else 10_000,
        DATA_UPLOAD_MAX_MEMORY_SIZE=MOST,
        DATA_UPLOAD_MAX_NUMBER_FIELDS=4,
        DATA_UPLOAD_MAX_NUMBER_FILES=2,
    )


@cache
def handlers() -> tuple[Any, Any]:
    """Both, made once: without middleware they keep nothing of the settings."""
    from django.core.handlers.asgi import ASGIHandler
    from django.core.handlers.wsgi import WSGIHandler

    return WSGIHandler(), ASGIHandler()


def whole(answer: Answer) -> Any:
    """The answer, or what is wrong with how it was sent."""
    return answer.plain() if not answer.messages else (breach(answer.messages) or answer.plain())


def asked_both(stage: Stage, example: Exchange) -> Sides:
    """The request to the WSGI handler, and to the ASGI handler."""
    wsgi, asgi = handlers()
    journal = Journal(stage.recorder, threads=())

    def sync() -> Any:
        with VISIT.to(example, journal), journal.logging("django.request"), journal.logging("django.security"):
            return whole(ask_wsgi(wsgi, example.request))

    async def asynchronous() -> Any:
        with VISIT.to(example, journal), journal.logging("django.request"), journal.logging("django.security"):
            return whole(await ask_asgi(asgi, example.request))

    return Sides(sync, asynchronous, held=(journal.state,))


def source(example: Exchange) -> tuple[str, str]:
    """The request as a client sends it."""
    request = example.request
    lines = [f"{request.method} {request.path}{'?' if request.query else ''}{request.query}  ({request.scheme})"]
    lines += [f"{name}: {value}" for name, value in request.all_headers()]
    parts = ", ".join(repr(part) for part in request.parts())
    lines += [f"{name} = {value!r}" for name, value in example.settings]
    how = f"the view: {example.how!r}" if example.how is not None else ""
    return "\n".join([*lines, f"body: {request.body!r}", how]), f"over ASGI, the body in these parts: {parts}"


def register(entry: str, examples: st.SearchStrategy[Exchange], **options: Any) -> None:
    """An entry that asks both handlers."""
    register_experiment(entry, examples, asked_both, source, surroundings=surroundings, **options)


_HEADERS = (
    (),
    (("X-Mark", "1"), ("X-Mark", "2")),
    (("Accept", "text/html"), ("X-Latin", "\xe9")),
    (("X_Under_Score", "hidden"), ("X-Under_Score", "hidden"), ("Referer", "http://there/")),
    (("Authorization", "Basic abc"), ("X-Forwarded-For", "198.51.100.7")),
)
_COOKIES = (
    (),
    (("Cookie", "a=1; b=two"),),
    (("Cookie", "a=1"), ("Cookie", 'b="q u"')),
    (("Cookie", "a=1;"),),
)
REQUESTS = st.builds(
    Request,
    st.sampled_from(["/told/", "/atold/"]),
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "DELETE"]),
    st.sampled_from(["", "a=1", "a=1&a=%C3%A9&b=", "%2B+%26"]),
    headers=st.sampled_from(_HEADERS),
    scheme=st.sampled_from(["http", "https"]),
    host=st.sampled_from(["testserver", "testserver:8080", "other.example"]),
)
register("http.request", st.builds(Exchange, REQUESTS), program=lambda title, example: told(title, example.request))
register(
    "http.request.cookies",
    st.builds(
        lambda request, cookies: Exchange(replace(request, headers=cookies)), REQUESTS, st.sampled_from(_COOKIES)
    ),
)
_FORM = "application/x-www-form-urlencoded"
_PARTS = (
    b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n',
    b'--B\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\nContent-Type: text/plain\r\n\r\n%s\r\n'
    % (b"0123456789" * 4),
    b"--B--\r\n",
)
_BODIES = (
    (_FORM, b""),
    (_FORM, b"a=1&a=2&b=%C3%A9"),
    (_FORM, b"name=" + b"long" * 20),
    (_FORM, b"a=1&b=2&c=3&d=4&e=5"),
    (_FORM, b"a=" + b"x" * (MOST + 1)),
    ("text/plain", b"one\ntwo\nthree"),
    ("application/json", b'{"a": "\xc3\xa9"}'),
    ("application/octet-stream", bytes(range(MOST + 50))),
    ("multipart/form-data; boundary=B", b"".join(_PARTS)),
    ("multipart/form-data; boundary=B", _PARTS[1] * 3 + _PARTS[2]),
    ("multipart/form-data; boundary=B", b"no part at all"),
    ("multipart/form-data", b"".join(_PARTS)),
)

# Those that are no forms: of a form that is sent in chunks Django reads nothing, on any server.
PLAIN_BODIES = tuple(each for each in _BODIES if not each[0].startswith(("multipart", _FORM)))


def _sent(path: str, method: str, body: tuple[str, bytes], chunks: tuple[int, ...], way: str) -> Exchange:
    return Exchange(Request(path, method, headers=(("Content-Type", body[0]),), body=body[1], chunks=chunks), way)


register(
    "http.request.body",
    st.builds(
        _sent,
        st.sampled_from(["/reading/", "/areading/"]),
        st.sampled_from(["POST", "PUT"]),
        st.sampled_from(_BODIES),
        st.sampled_from([(), (1, 2), (0, 7), (30, 1, 10), (5, 5, 0, 5)]),
        st.sampled_from(["parsed", "body", "read", "lines", "readline", "read, then body"]),
    ),
)
register(
    "http.request.body.on_disk",
    st.builds(
        _sent,
        st.just("/reading/"),
        st.sampled_from(["POST", "PUT"]),
        st.sampled_from(_BODIES),
        st.sampled_from([(), (20, 2), (8, 20, 10)]),
        st.just(ON_DISK),
    ),
)

_ANSWERED = (
    (("X-One", "1"),),
    (("Content-Type", "application/x-mine"), ("X-Latin", "\xe9")),
    (("Location", "/é/"), ("Content-Length", "3")),
)
_SET = (
    (),
    (("a", "1", ()), ("b", "x y;é", (("path", "/p/"), ("httponly", True)))),
    (("a", "1", (("samesite", "Strict"), ("secure", True))), ("a", "2", (("domain", "example.com"),))),
)
register(
    "http.response",
    st.builds(
        Exchange,
        st.builds(Request, st.sampled_from(["/writing/", "/awriting/"]), st.sampled_from(["GET", "HEAD", "POST"])),
        st.tuples(
            st.sampled_from([200, 201, 204, 301, 304, 399, 400, 404, 500]),
            st.sampled_from(_ANSWERED),
            st.sampled_from(_SET),
            st.sampled_from([b"", b"abc", "é".encode()]),
        ),
    ),
)
# Around the size of the parts in which the ASGI handler sends a body.
_SIZES = [0, 1, 2**16 - 1, 2**16, 2**16 + 1, 2**17, 2**17 + 5]
register(
    "http.response.parts",
    st.builds(
        lambda path, size: Exchange(
            Request(path), (200, (), (), bytes(range(251)) * (size // 251) + b"." * (size % 251))
        ),
        st.sampled_from(["/writing/", "/awriting/"]),
        st.sampled_from(_SIZES),
    ),
)

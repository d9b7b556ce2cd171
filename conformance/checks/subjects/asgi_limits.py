"""What a client may make the ASGI handler do: keep a large file in memory, copy what it was sent again and again."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.programs import exchanged, simple
from conformance.checks.protocols import AsgiClient, Request, ask_asgi, scope_of
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT, Site
from conformance.checks.stage import Stage
from conformance.checks.subjects.asgi import Exchange, handlers, source

# Bytes of a file that are kept in memory, and how often a character of a header may be copied: one is decoded, joined,
# and put into a larger text or two.
MOST, COPIES = 100, 4


async def _uploaded(request: Any) -> Any:
    from django.http import HttpResponse

    return HttpResponse(repr([(type(each).__name__, each.size) for each in request.FILES.values()]))


async def _marked(request: Any) -> Any:
    from django.http import HttpResponse

    return HttpResponse(request.headers["X-Mark"])


SITE = Site(uploaded=_uploaded, marked=_marked)


def surroundings(_: Any) -> AbstractContextManager[object]:
    """The site, without middleware."""
    from django.test import override_settings

    return override_settings(
        ROOT_URLCONF=SITE.urlconf, MIDDLEWARE=[], ALLOWED_HOSTS=["*"], FILE_UPLOAD_MAX_MEMORY_SIZE=MOST
    )


def _form(size: int) -> bytes:
    head = b'--B\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\nContent-Type: text/plain\r\n\r\n'
    return head + b"." * size + b"\r\n--B--\r\n"


def _understated(_stage: Stage, example: Exchange) -> Sides:
    """Where a file is kept follows from how large it is, and not from what the client says of it."""
    _, handler = handlers()
    expected = [("TemporaryUploadedFile", example.how)]

    async def asynchronous() -> Any:
        with VISIT.to(example):
            answer = await ask_asgi(handler, example.request)
        return answer.body.decode()

    return Sides(lambda: repr(expected), asynchronous, model=(repr(expected),))


def _upload(size: int, told: int, chunks: tuple[int, ...]) -> Exchange:
    headers = (("Content-Type", "multipart/form-data; boundary=B"), ("Content-Length", str(told)))
    return Exchange(Request("/uploaded/", "POST", "", headers, _form(size), chunks, announced=False), size)


register_experiment(
    "http.request.upload.understated",
    st.builds(
        _upload,
        st.sampled_from([MOST + 1, MOST * 3, MOST * 5]),
        st.sampled_from([1, 10, MOST]),
        st.sampled_from([(), (1, 2), (150, 20)]),
    ),
    _understated,
    source,
    surroundings=surroundings,
    program=lambda title, example: exchanged(
        title,
        replace(example.request, headers=example.request.headers[:1], announced=True),
        example.request,
        "[(type(each).__name__, each.size) for each in request.FILES.values()]",
        FILE_UPLOAD_MAX_MEMORY_SIZE=MOST,
    ),
)


class _Text(str):
    """A text that notes how many characters are copied where it is joined with another, which notes it from then on."""

    __slots__ = ("copied",)
    copied: list[int]

    def __add__(self, other: str) -> _Text:
        return self._joined(str(self), str(other))

    def __radd__(self, other: str) -> _Text:
        return self._joined(str(other), str(self))

    def _joined(self, first: str, second: str) -> _Text:
        self.copied.append(len(first) + len(second))
        return _noting(_Text(first + second), self.copied)


class _Sent(bytes):
    """The value of a header, which is decoded to such a text."""

    copied: list[int]

    def decode(self, *args: Any, **kwargs: Any) -> str:
        return _noting(_Text(super().decode(*args, **kwargs)), self.copied)


_T = TypeVar("_T", _Text, _Sent)


def _noting(value: _T, copied: list[int]) -> _T:
    value.copied = copied
    return value


def _repeated(_stage: Stage, example: Exchange) -> Sides:
    """The values of a header that is repeated are joined at once: twice as many cost twice as much."""
    _, handler = handlers()
    values = [value for name, value in example.request.headers if name == "X-Mark"]
    expected = ",".join(values), "copied a few times"

    async def asynchronous() -> Any:
        copied: list[int] = []
        scope = scope_of(example.request)
        scope["headers"] = [(name, _noting(_Sent(value), copied)) for name, value in scope["headers"]]
        client = AsgiClient(example.request)
        with VISIT.to(example):
            await handler(scope, client.receive, client.send)
        most = COPIES * sum(map(len, values))
        often = "copied again and again" if sum(copied) > most else "copied a few times"
        return client.answer.body.decode(), often

    return Sides(lambda: expected, asynchronous, model=(expected,))


def _asking(value: str, times: int) -> Exchange:
    return Exchange(Request("/marked/", headers=(("X-Mark", value),) * times))


_PROGRAM = """\
copied = []
class Text(str):
    def __add__(self, other):
        copied.append(len(self) + len(other))
        return Text(str(self) + other)
    def __radd__(self, other):
        return Text(other) + str(self)
class Sent(bytes):
    def decode(self, *args):
        return Text(super().decode(*args))
from django.core.handlers.asgi import ASGIRequest
headers = [(b"x-mark", Sent({value!r}))] * {times}
ASGIRequest({{"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}}, BytesIO())
print("expected: no more than", {most}, "characters are copied")
print("observed:", sum(copied))
"""


def _program(title: str, example: Exchange) -> str:
    values = [value for _, value in example.request.headers]
    most = COPIES * sum(map(len, values))
    return simple(title, _PROGRAM.format(value=values[0].encode(), times=len(values), most=most))


register_experiment(
    "http.request.headers.repeated",
    st.builds(_asking, st.sampled_from(["a", "some text"]), st.integers(20, 60)),
    _repeated,
    source,
    surroundings=surroundings,
    program=_program,
)

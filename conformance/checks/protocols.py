"""One request, asked of a WSGI application and of an ASGI application, without Django's test client between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from conformance.checks.sites import masked


@dataclass(frozen=True)
class Request:
    """What a client sends. `chunks` are the sizes of the body's parts as they arrive; the rest is one more."""

    path: str
    method: str = "GET"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    chunks: tuple[int, ...] = ()
    root_path: str = ""
    scheme: str = "http"
    host: str = "testserver"
    # Whether a server in front has taken `root_path` away, so that `path` is all that arrives.
    stripped: bool = False
    # Whether the client says how long the body is; where it does not, the body is sent in chunks.
    announced: bool = True

    def parts(self) -> list[bytes]:
        """The body as it arrives: at least one part, of which some may be empty."""
        parts, rest = [], self.body
        for size in self.chunks:
            parts.append(rest[:size])
            rest = rest[size:]
        return [*parts, rest]

    def all_headers(self) -> list[tuple[str, str]]:
        """With those that every client sends."""
        length = [("Content-Length", str(len(self.body)))] if self.body and self.announced else []
        return [("Host", self.host), *length, *self.headers]


@dataclass
class Answer:
    """What came back: `messages` are the events of ASGI, empty for WSGI; `parts` the body's, as they came."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        """All of it."""
        return b"".join(self.parts)

    def plain(self) -> dict[str, Any]:
        """To be compared. Headers are sorted, since nothing promises their order; space around them means nothing."""
        named = sorted((name.lower(), masked(value.strip())) for name, value in self.headers)
        return {"status": self.status, "headers": named, "body": self.body}


def environ_of(request: Request) -> dict[str, Any]:
    """As a WSGI server gives it to an application (PEP 3333).

    Servers leave out names with underscores, which the application could not tell from other headers.
    """
    headers: dict[str, str] = {}
    for name, value in request.all_headers():
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        joint = "; " if key == "HTTP_COOKIE" else ","
        headers[key] = f"{headers[key]}{joint}{value}" if key in headers else value
    return {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": _native(request.root_path),
        "PATH_INFO": _native(request.path),
        "QUERY_STRING": request.query,
        "REMOTE_ADDR": "192.0.2.1",
        "SERVER_NAME": "server.example",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": BytesIO(request.body),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **headers,
    }


def scope_of(request: Request) -> dict[str, Any]:
    """As an ASGI server gives it to an application."""
    path = request.path if request.stripped else request.root_path + request.path
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": path,
        "raw_path": path.encode(),
        "query_string": request.query.encode(),
        "root_path": request.root_path,
        "headers": [(name.lower().encode(), value.encode("latin1")) for name, value in request.all_headers()],
        "client": ("192.0.2.1", 4000),
        "server": ("server.example", 8000),
    }


def ask_wsgi(application: Callable[..., Any], request: Request) -> Answer:
    """Do what a WSGI server does: start, read every part, close. This thread's connection is left open."""
    with _keeping_connections():
        return _ask_wsgi(application, request)


@contextmanager
def _keeping_connections() -> Iterator[None]:
    """As Django's test client does: the thread is not the request's own."""
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections

    signals = request_started, request_finished
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


def _ask_wsgi(application: Callable[..., Any], request: Request) -> Answer:
    answer = Answer()

    def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        answer.status, answer.headers = int(status.split()[0]), headers

    parts = application(environ_of(request), start_response)
    try:
        answer.parts += parts
    finally:
        if hasattr(parts, "close"):
            parts.close()
    return answer


class AsgiClient:
    """The server's side of one request. `gone` is set when the client disconnects."""

    def __init__(self, request: Request) -> None:
        self.answer = Answer()
        self.gone = asyncio.Event()
        parts = request.parts()
        self._messages = [
            {"type": "http.request", "body": part, "more_body": number < len(parts)}
            for number, part in enumerate(parts, start=1)
        ]

    async def receive(self) -> dict[str, Any]:
        """The next part of the body; after the last, nothing until the client is gone."""
        if self._messages and not self.gone.is_set():
            return self._messages.pop(0)
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        """Take an event of the response."""
        self.answer.messages.append(message)
        if message["type"] == "http.response.start":
            self.answer.status = message["status"]
            self.answer.headers = [(name.decode(), value.decode("latin1")) for name, value in message["headers"]]
        else:
            self.answer.parts.append(message.get("body", b""))


async def ask_asgi(application: Callable[..., Any], request: Request) -> Answer:
    """Do what an ASGI server does, for a client that waits for the whole response."""
    client = AsgiClient(request)
    await application(scope_of(request), client.receive, client.send)
    return client.answer


def breach(messages: Sequence[dict[str, Any]]) -> str:
    """What is wrong with the events of a whole response, by the ASGI specification; empty if nothing is."""
    kinds = [message["type"] for message in messages]
    if kinds[:1] != ["http.response.start"] or set(kinds[1:]) != {"http.response.body"}:
        return f"these events are no response: {', '.join(kinds) or 'none'}"
    more = [message.get("more_body", False) for message in messages[1:]]
    return "" if more == [True] * (len(more) - 1) + [False] else f"more_body is {more}"


def _native(text: str) -> str:
    """WSGI's strings hold bytes."""
    return text.encode().decode("latin1")

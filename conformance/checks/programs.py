"""Programs without the suite, for failures that settings, a site and a request show: text with gaps.

Each prints what is expected, or what WSGI gives, and then what is observed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.checks.protocols import environ_of, scope_of

if TYPE_CHECKING:
    from conformance.checks.protocols import Request

_BEGIN = '''\
"""{title}"""
import asyncio, django
from io import BytesIO
from django.conf import settings
settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="secret", **{settings!r})
django.setup()
from django.http import HttpResponse, StreamingHttpResponse; from django.urls import path
from django.core.handlers.asgi import ASGIHandler; from django.core.handlers.wsgi import WSGIHandler
'''
_VISITED = """\
from django.test import AsyncClient
answers = []
async def page(request):
{page}
urlpatterns = [path("page/", page)]
async def main():
    for headers in {requests!r}:
        client = AsyncClient()
        client.cookies.load({cookies!r})
        answers.append(await client.get("/page/", **dict(headers)))
asyncio.run(main())
print("expected:", {expected!r})
print("observed:", {observed})
"""
_EXCHANGED = """\
def page(request):
    return HttpResponse(repr({told}))
urlpatterns = [path({route!r}, page)]
async def asgi():
    messages, sent = {messages!r}, []
    async def receive():
        return messages.pop(0) if messages else await asyncio.Event().wait()
    async def send(message):
        sent.append(message)
    await ASGIHandler()({scope!r}, receive, send)
    return sent[0]["status"], b"".join(message["body"] for message in sent[1:])[:500]
def wsgi():
    environ, status = {environ!r}, []
    environ.update({{"wsgi.input": BytesIO({body!r}), "wsgi.errors": BytesIO()}})
    body = b"".join(WSGIHandler()(environ, lambda line, headers: status.append(int(line[:3]))))
    return status[0], body[:500]
print("WSGI:", wsgi())
print("ASGI:", asyncio.run(asgi()))
"""
_PARTED = """\
from django.core.signals import request_finished
finished, left, messages = [], [{after}], [{{"type": "http.request", "body": b""}}]
request_finished.connect(lambda **_: finished.append(1), weak=False)
async def parts():
    for part in (b"0", b"1", b"2"):
        yield part
async def page(request):
    return {response}
urlpatterns = [path({route!r}, page)]
async def main():
    gone = asyncio.Event()
    async def receive():
        if messages:
            return messages.pop()
        await gone.wait()
        return {{"type": "http.disconnect"}}
    async def send(message):
        left[0] -= 1
        if left[0] == 0:
            gone.set()
            for _ in range(3):
                await asyncio.sleep(0)
    await ASGIHandler()({scope!r}, receive, send)
asyncio.run(main())
print("expected: request_finished is sent once")
print("observed:", len(finished))
"""

_ADAPTED = '''\
"""{title}"""
import asyncio
from asgiref.wsgi import WsgiToAsgi
def application(environ, start_response):
{logs}    start_response("200 OK", [("Content-Type", "text/plain")])
    return [repr((environ["SCRIPT_NAME"], environ["PATH_INFO"])).encode()]
async def main():
    sent = []
    async def receive():
        return {{"type": "http.request", "body": b"", "more_body": False}}
    async def send(message):
        sent.append(message)
    await WsgiToAsgi(application)({scope!r}, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])
print("expected:", {expected!r})
print("observed:", asyncio.run(main()))
'''


def _begin(title: str, **settings: Any) -> str:
    return _BEGIN.format(title=title, settings=settings)


def visited(title: str, page: list[str], requests: Any, cookies: Any, expected: Any, observed: str, **more: Any) -> str:
    """Requests one after the other, each by a client of its own, to a view with these lines."""
    text = _VISITED.format(
        page="\n".join(f"    {line}" for line in page),
        requests=requests,
        cookies=cookies,
        expected=expected,
        observed=observed,
    )
    return _begin(title, **more) + text


def exchanged(title: str, announced: Request, sent: Request, told: str, **more: Any) -> str:
    """A request to both handlers, as each server gives it to them; the view answers with what `told` says."""
    parts = sent.parts()
    messages = [
        {"type": "http.request", "body": part, "more_body": at < len(parts)} for at, part in enumerate(parts, 1)
    ]
    environ = {
        name: value for name, value in environ_of(announced).items() if name not in ("wsgi.input", "wsgi.errors")
    }
    text = _EXCHANGED.format(
        told=told,
        route=announced.path.removeprefix("/"),
        messages=messages,
        scope=scope_of(sent),
        environ=environ,
        body=announced.body,
    )
    return _begin(title, **more) + text


def told(title: str, request: Request) -> str:
    """What a view is told of a request."""
    facts = "(request.method, request.get_full_path(), sorted(request.headers.items()), request.COOKIES)"
    return exchanged(title, request, request, facts)


def parted(title: str, request: Request, after: int, *, streamed: bool) -> str:
    """A client that goes when it has been sent so many events."""
    response = "StreamingHttpResponse(parts())" if streamed else 'HttpResponse("done")'
    text = _PARTED.format(after=after, response=response, route=request.path.removeprefix("/"), scope=scope_of(request))
    return _begin(title) + text


def adapted(title: str, request: Request, *, logs: bool, refused: bool = False, **scope: Any) -> str:
    """A WSGI application under asgiref's adapter, with what the server says in the scope."""
    environ = environ_of(request)
    answer = (200, repr((environ["SCRIPT_NAME"], environ["PATH_INFO"])).encode())
    return _ADAPTED.format(
        title=title,
        logs='    environ["wsgi.errors"].write("a word")\n' if logs else "",
        scope={**scope_of(request), **scope},
        expected="status 400" if refused else answer,
    )


def simple(title: str, lines: str, **more: Any) -> str:
    """Nothing but Django, set up, and these lines."""
    return _begin(title, **more) + lines

"""Requests at their edges: a body of unknown length, the first query on a thread, copies, a client that goes."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.journal import Journal
from conformance.checks.programs import exchanged, parted
from conformance.checks.protocols import AsgiClient, Request, ask_asgi, ask_wsgi, scope_of
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT, Site, facts, plain_response
from conformance.checks.stage import Stage
from conformance.checks.subjects import asgi
from conformance.checks.subjects.asgi import Exchange, handlers, source, whole
from conformance.checks.subjects.asgi_lifecycle import finished, listening
from conformance.strategies import NO_ROWS, NUMBERED_POSTS, Rows

PATIENCE = 5.0


def _unannounced(stage: Stage, example: Exchange) -> Sides:
    """A client that says how long the body is, and one that does not: the view sees no difference."""
    wsgi, handler = handlers()
    journal = Journal(stage.recorder, threads=())

    def sync() -> Any:
        with VISIT.to(example, journal), journal.logging("django.request"), journal.logging("django.security"):
            return whole(ask_wsgi(wsgi, example.request))

    async def asynchronous() -> Any:
        with VISIT.to(example, journal), journal.logging("django.request"), journal.logging("django.security"):
            return whole(await ask_asgi(handler, replace(example.request, announced=False)))

    return Sides(sync, asynchronous)


register_experiment(
    "http.request.body.unannounced",
    st.builds(
        lambda path, body, chunks, way: Exchange(
            Request(path, "POST", headers=(("Content-Type", body[0]),), body=body[1], chunks=chunks), way
        ),
        st.sampled_from(["/reading/", "/areading/"]),
        st.sampled_from(asgi.PLAIN_BODIES),
        st.sampled_from([(), (1, 2), (30, 1, 10)]),
        st.sampled_from(["body", "read", "lines"]),
    ),
    _unannounced,
    source,
    surroundings=asgi.surroundings,
    program=lambda title, example: exchanged(
        title,
        example.request,
        replace(example.request, announced=False),
        "request.body" if example.how == "body" else "request.read()",
        DATA_UPLOAD_MAX_MEMORY_SIZE=asgi.MOST,
    ),
)


def _posts() -> Any:
    from sample_app.models import Post

    return Post.objects


def _new() -> list[Any]:
    from sample_app.models import Post

    return [Post(title="one"), Post(title="two")]


# What a view does first of all, by the name of the synchronous method, and with what.
FIRST: dict[str, Callable[[], tuple[Any, ...]]] = {
    "bulk_create": lambda: (_new(),),
    "count": lambda: (),
    "create": lambda: (),
    "exists": lambda: (),
    "first": lambda: (),
    "get_or_create": lambda: ({"title": "new"},),
    "in_bulk": lambda: (),
    "update_or_create": lambda: ({"title": "new"},),
}


def _first(_: Any) -> Any:
    from django.http import HttpResponse

    name = VISIT.example.how
    return HttpResponse(_shown(getattr(_posts(), name)(*FIRST[name]())))


async def _afirst(_: Any) -> Any:
    from django.http import HttpResponse

    name = VISIT.example.how
    return HttpResponse(_shown(await getattr(_posts(), f"a{name}")(*FIRST[name]())))


def _shown(found: Any) -> str:
    found = list(found.values()) if isinstance(found, dict) else found
    return str(found if isinstance(found, (list, int)) else str(found))


async def _streamed(_: Any) -> Any:
    from django.http import StreamingHttpResponse

    async def parts() -> Any:
        for number in range(3):
            yield str(number).encode()

    return StreamingHttpResponse(parts())


async def _answered(_: Any) -> Any:
    return finished()


def _same(request: Any) -> Any:
    """Copies of the request, and of a response, are as what they were made of."""
    from django.http import HttpResponse

    response = HttpResponse("a page", status=201, headers={"X-Mark": "1"})
    response.set_cookie("a", "1")
    again = copy.copy(response) if VISIT.example.how == "copy" else copy.deepcopy(response)
    told = facts(copy.copy(request)) == facts(request), plain_response(again) == plain_response(response)
    return HttpResponse(repr(told))


async def _asame(request: Any) -> Any:
    return _same(request)


SITE = Site(same=_same, asame=_asame, first=_first, afirst=_afirst, streamed=_streamed, answered=_answered)


def surroundings(_: Any) -> AbstractContextManager[object]:
    """The site, without middleware."""
    from django.test import override_settings

    return override_settings(ROOT_URLCONF=SITE.urlconf, MIDDLEWARE=[], ALLOWED_HOSTS=["*"])


def _first_query(stage: Stage, example: Exchange) -> Sides:
    """The same first query of a request: under ASGI its thread has no connection yet."""
    wsgi, handler = handlers()
    journal = Journal(stage.recorder, threads=())

    def sync() -> Any:
        with VISIT.to(example, journal):
            return whole(ask_wsgi(wsgi, example.request))

    async def asynchronous() -> Any:
        with VISIT.to(example, journal), journal.logging("django.request"):
            return whole(await ask_asgi(handler, replace(example.request, path="/afirst/")))

    return Sides(sync, asynchronous)


register_experiment(
    "http.first_query",
    st.sampled_from(sorted(FIRST)).map(lambda name: Exchange(Request("/first/"), name, rows=NUMBERED_POSTS)),
    _first_query,
    source,
    surroundings=surroundings,
)


def _copied(_stage: Stage, example: Exchange) -> Sides:
    _, handler = handlers()

    async def asynchronous() -> Any:
        with VISIT.to(example):
            answer = await ask_asgi(handler, example.request)
        return answer.status, answer.body

    expected = (200, repr((True, True)).encode())
    return Sides(lambda: expected, asynchronous, model=(expected,))


register_experiment(
    "http.copied",
    st.builds(
        lambda path, query, how: Exchange(Request(path, query=query, headers=(("Cookie", "a=1"),)), how),
        st.sampled_from(["/same/", "/asame/"]),
        st.sampled_from(["", "a=1"]),
        st.sampled_from(["copy", "deepcopy"]),
    ),
    _copied,
    source,
    surroundings=surroundings,
)


@dataclass(frozen=True)
class Parting:
    """A client that goes when it has been sent so many events of a response."""

    path: str
    after: int
    rows: Rows = NO_ROWS


class _PartingClient(AsgiClient):
    """Goes while an event is being sent to it."""

    def __init__(self, example: Parting) -> None:
        super().__init__(Request(example.path))
        self._left = example.after

    async def send(self, message: dict[str, Any]) -> None:
        await super().send(message)
        self._left -= 1
        if self._left == 0:
            self.gone.set()
            # What listens for it comes first.
            for _ in range(3):
                await asyncio.sleep(0)


def _parted(stage: Stage, example: Parting) -> Sides:
    """A request is begun once and finished once, however much of its response the client takes."""
    _, handler = handlers()
    journal = Journal(stage.recorder, threads=())

    async def asynchronous() -> Any:
        with VISIT.to(example, journal), listening(journal):
            client = _PartingClient(example)
            scope = scope_of(Request(example.path))
            await asyncio.wait_for(handler(scope, client.receive, client.send), PATIENCE)
        return [journal.events().count(name) for name in ("started", "finished")]

    return Sides(lambda: [1, 1], asynchronous, model=([1, 1],))


register_experiment(
    "http.disconnect.response",
    st.builds(Parting, st.sampled_from(["/answered/", "/streamed/"]), st.integers(1, 4)),
    _parted,
    lambda example: (f"GET {example.path}", f"the client disconnects after {example.after} events"),
    surroundings=surroundings,
    program=lambda title, example: parted(
        title, Request(example.path), example.after, streamed="streamed" in example.path
    ),
)

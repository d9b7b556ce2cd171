"""Views that read a JSON body and answer JSON, through Django's handlers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.checks.subjects.reading import manager
from conformance.strategies import TEXTS, Rows, rows, small_integers
from conformance.strategies.choosing import mostly


@dataclass(frozen=True)
class Posting:
    """Rows, and the body of a POST request."""

    rows: Rows
    body: bytes


def _bodies() -> st.SearchStrategy[bytes]:
    """Good posts, posts with a value of the wrong type or a key missing, and what is not JSON at all."""
    good = st.fixed_dictionaries({"title": TEXTS, "content": TEXTS}, optional={"views": small_integers()})
    wrong = st.fixed_dictionaries({"title": TEXTS, "content": TEXTS, "views": st.just("many")})
    missing = st.fixed_dictionaries({"title": TEXTS})
    malformed = st.sampled_from([b"", b"{", b"nonsense", b"[1, 2", b"\xff\xfe"])
    encoded = st.one_of(good, wrong, missing).map(lambda data: json.dumps(data).encode())
    return mostly(encoded, malformed, 2)


POSTINGS = st.builds(Posting, rows=rows(max_posts=2), body=_bodies())
Answer = tuple[int, Any]


def _post_sync(view: Callable[[Any], Any], body: bytes) -> Answer:
    from django.test import Client, override_settings

    with override_settings(ROOT_URLCONF=_patterns(view)):
        response = Client().post("/", body, content_type="application/json")
    return response.status_code, json.loads(response.content)


async def _post_async(view: Callable[[Any], Awaitable[Any]], body: bytes) -> Answer:
    from django.test import AsyncClient, override_settings

    with override_settings(ROOT_URLCONF=_patterns(view)):
        response = await AsyncClient().post("/", body, content_type="application/json")
    return response.status_code, json.loads(response.content)


def _patterns(view: Callable[[Any], Any]) -> tuple[Any, ...]:
    from django.urls import path

    return (path("", view),)


def _fields(body: bytes) -> dict[str, Any]:
    data = json.loads(body)
    return {"title": data["title"], "content": data["content"], "views": data.get("views", 0)}


def _created(post: Any) -> Any:
    from django.http import JsonResponse

    return JsonResponse({"title": post.title, "views": post.views}, status=201)


def _refusal(error: Exception) -> Any:
    """What the source text promises: 400 for a malformed body, 500 for another error."""
    from django.http import JsonResponse

    malformed = isinstance(error, (json.JSONDecodeError, UnicodeDecodeError, KeyError))
    return JsonResponse({"error": type(error).__name__}, status=400 if malformed else 500)


def _create_through(
    stage: Stage, read_sync: Callable[[Any], bytes], read_async: Callable[[Any], Awaitable[bytes]]
) -> tuple[Callable[[Any], Any], Callable[[Any], Awaitable[Any]]]:
    """Two views that create a post from the body: one synchronous throughout, one asynchronous."""

    def view(request: Any) -> Any:
        try:
            return _created(stage.adapter.sync(manager(stage), "create")(**_fields(read_sync(request))))
        except (ValueError, KeyError) as error:
            return _refusal(error)

    async def aview(request: Any) -> Any:
        try:
            fields = _fields(await read_async(request))
            return _created(await stage.adapter.asynchronous(manager(stage), "create")(**fields))
        except (ValueError, KeyError) as error:
            return _refusal(error)

    return view, aview


def _json_view(stage: Stage, example: Posting) -> Sides:
    async def body(request: Any) -> bytes:
        content: bytes = request.body
        return content

    view, aview = _create_through(stage, lambda request: request.body, body)
    return Sides(lambda: _post_sync(view, example.body), lambda: _post_async(aview, example.body))


def _aread_view(stage: Stage, example: Posting) -> Sides:
    async def read(request: Any) -> bytes:
        content: bytes = await stage.adapter.asynchronous(request, "read")()
        return content

    view, aview = _create_through(stage, lambda request: request.read(), read)
    return Sides(lambda: _post_sync(view, example.body), lambda: _post_async(aview, example.body))


def _view_code(awaited: str, read: str) -> Callable[[Posting], tuple[str, str]]:
    def printed(example: Posting) -> tuple[str, str]:
        def view(start: str, body: str, create: str) -> str:
            return f"{start} view(request):\n    data = json.loads({body})\n    post = {create}(**data)"

        asked = f".post('/', {example.body!r}, content_type='application/json')"
        sync = view("def", read, "Post.objects.create")
        asynchronous = view("async def", awaited, "await Post.objects.acreate")
        return f"{sync}\n\nClient(){asked}", f"{asynchronous}\n\nawait AsyncClient(){asked}"

    return printed


register_experiment("http.async_view", POSTINGS, _json_view, _view_code("request.body", "request.body"))
register_experiment("http.aread", POSTINGS, _aread_view, _view_code("await request.aread()", "request.read()"))

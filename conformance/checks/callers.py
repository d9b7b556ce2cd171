"""Who calls a workaround: a view inside a request, `async_to_sync`, or a server that sends a request to a view."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

Main = Callable[[], Awaitable[None]]
View = Callable[[Any], Coroutine[Any, Any, Any]]


async def in_a_request(main: Main) -> None:
    """Await it in a view, called by Django's ASGI handler. Raises what it raises."""
    raised: list[BaseException] = []

    async def view(_: Any) -> Any:
        from django.http import HttpResponse

        try:
            await main()
        except BaseException as error:  # noqa: BLE001 - the handler would make an answer of it
            raised.append(error)
        return HttpResponse()

    await ask(view, "GET", b"")
    if raised:
        raise raised[0]


def under_async_to_sync(main: Main) -> None:
    """Await it from this thread, which is then the one that the ORM runs on."""
    from asgiref.sync import async_to_sync

    async def run() -> None:
        await main()

    async_to_sync(run)()


async def ask(view: View, method: str, body: bytes) -> tuple[int, bytes]:
    """One request to the view as the server would send it; the answer's status and body."""
    from django.core.asgi import get_asgi_application
    from django.test import override_settings
    from django.urls import path

    async def answer(request: Any) -> Any:
        return await view(request)

    with override_settings(ROOT_URLCONF=(path("", answer),)):
        application = get_asgi_application()
        return await _serve(application, method, body)


async def _serve(application: Any, method: str, body: bytes) -> tuple[int, bytes]:
    messages = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        # The client stays until it has its answer.
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await application(_scope(method), receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def _scope(method: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "server": ("testserver", 80),
        "headers": [(b"host", b"testserver"), (b"content-type", b"application/json")],
    }

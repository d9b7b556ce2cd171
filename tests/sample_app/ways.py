"""Two ways to send a request: through Django's async test client, and over HTTP to uvicorn."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from django.test import AsyncClient

# Each request has a connection of its own: one that is kept may be given up, by either side, as it is taken again.
ALONE = {"connection": "close"}
T = TypeVar("T")


async def together(*calls: Awaitable[T]) -> list[T]:
    """What each gives, or the first error, once all have ended.

    `asyncio.gather` raises it at once: the client is then closed under requests that still connect, and their sockets
    stay open until the garbage collector warns of them in another test.
    """
    given = await asyncio.gather(*calls, return_exceptions=True)
    for one in given:
        if isinstance(one, BaseException):
            raise one
    return given  # type: ignore[return-value]  # no error is left in it


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


# Method, path, and a body: bytes as they are, anything else as JSON.
Send = Callable[..., Answer]


def encode(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def send_in_process(method: str, path: str, body: Any = b"") -> Answer:
    async def main() -> Any:
        client = AsyncClient(raise_request_exception=False)
        return await client.generic(method, path, encode(body), content_type="application/json")

    response = asyncio.run(main())
    return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, response.content)


def send_over_http(url: str) -> Send:
    # httpx reads a bundle of certificates for each client that verifies some.
    plain = {"headers": {"Content-Type": "application/json"}, "timeout": 60, "verify": False}

    def send(method: str, path: str, body: Any = b"") -> Answer:
        response = httpx.request(method, url + path, content=encode(body), **plain)
        return Answer(response.status_code, dict(response.headers), response.content)

    return send

"""Two ways to send a request: through Django's async test client, and over HTTP to uvicorn."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from django.test import AsyncClient

# Shorter than the five seconds after which uvicorn closes what is idle: where both give a connection up at one time, a
# request can be sent into one that the server is closing, and is reset.
LIMITS = httpx.Limits(keepalive_expiry=1)


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
    def send(method: str, path: str, body: Any = b"") -> Answer:
        response = httpx.request(
            method, url + path, content=encode(body), headers={"Content-Type": "application/json"}, timeout=60
        )
        return Answer(response.status_code, dict(response.headers), response.content)

    return send

"""Where a stream raises, the ASGI handler leaves the file of the request's body open."""

import asyncio
import gc
import warnings
from contextlib import suppress

import django
from django.conf import settings

settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="secret", ALLOWED_HOSTS=["*"], MIDDLEWARE=[])
django.setup()
from django.core.asgi import get_asgi_application
from django.http import StreamingHttpResponse
from django.urls import path


async def parts():
    yield b"one"
    raise ValueError


async def receive():
    return messages.pop() if messages else await asyncio.Event().wait()


async def send(message):
    pass


urlpatterns = [path("", lambda request: StreamingHttpResponse(parts()))]
messages = [{"type": "http.request", "body": b""}]
scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    with suppress(ValueError):
        asyncio.run(get_asgi_application()(scope, receive, send))
    gc.collect()
print("expected: files left open: 0")
print("observed: files left open:", sum("Unclosed file" in str(each.message) for each in caught))

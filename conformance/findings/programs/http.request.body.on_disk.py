"""The part of a body with which it outgrows the memory is written to the disk on the event loop's thread."""

import asyncio
import sys
import tempfile
import threading

import django
from django.conf import settings

settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="secret", ALLOWED_HOSTS=["*"], MIDDLEWARE=[])
django.setup()
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse())]
LOOP, FOLDER, PART = threading.get_ident(), tempfile.gettempdir(), b"x" * (settings.FILE_UPLOAD_MAX_MEMORY_SIZE + 1)
opened: list[str] = []
messages = [{"type": "http.request", "body": PART}]


async def receive():
    return messages.pop() if messages else await asyncio.Event().wait()


async def send(message):
    pass


def hear(event, args):
    if event == "open" and str(args[0]).startswith(FOLDER) and threading.get_ident() == LOOP:
        opened.append(event)


sys.addaudithook(hear)
asyncio.run(get_asgi_application()({"type": "http", "method": "POST", "path": "/", "headers": []}, receive, send))
print("expected: a file is made on the event loop's thread:", False)
print("observed: a file is made on the event loop's thread:", bool(opened))

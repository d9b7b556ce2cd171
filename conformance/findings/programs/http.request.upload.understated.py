"""An upload is kept in memory, however large it is, where its client says that it is small."""

import asyncio

import django
from django.conf import settings

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="secret", FILE_UPLOAD_MAX_MEMORY_SIZE=100)
django.setup()
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse
from django.urls import path

HEAD = b'--B\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\nContent-Type: text/plain\r\n\r\n'
BODY = HEAD + b"." * 1000 + b"\r\n--B--\r\n"
urlpatterns = [path("", lambda request: HttpResponse(type(request.FILES["f"]).__name__))]


async def ask(told):
    messages, sent = [{"type": "http.request", "body": BODY}], []
    headers = [(b"content-type", b"multipart/form-data; boundary=B"), (b"content-length", str(told).encode())]

    async def receive():
        return messages.pop() if messages else await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}
    await ASGIHandler()(scope, receive, send)
    return sent[1]["body"].decode()


print("told the truth:", asyncio.run(ask(len(BODY))))
print("told one byte: ", asyncio.run(ask(1)))

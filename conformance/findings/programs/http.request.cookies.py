"""Several `Cookie` headers, as HTTP/2 sends them, are joined by a comma: the cookies run into each other."""

import io

import django
from django.conf import settings

settings.configure()
django.setup()
from django.core.handlers.asgi import ASGIRequest

headers = [(b"cookie", b"a=1"), (b"cookie", b"b=2")]
request = ASGIRequest({"type": "http", "method": "GET", "path": "/", "headers": headers}, io.BytesIO())
print("expected:", {"a": "1", "b": "2"})
print("observed:", request.COOKIES)

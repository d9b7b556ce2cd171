"""`request.encoding` has no effect on `request.GET` under ASGI."""

import io

import django
from django.conf import settings

settings.configure()
django.setup()
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest

query = "name=caf%E9"
environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": query, "wsgi.input": io.BytesIO()}
scope = {"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": []}
for label, request in (("sync: ", WSGIRequest(environ)), ("async:", ASGIRequest(scope, io.BytesIO()))):
    request.encoding = "iso-8859-1"
    print(label, request.GET["name"])

"""A path that begins as the prefix does loses its beginning, where a server in front has taken the prefix away."""

from io import BytesIO

import django
from django.conf import settings

settings.configure(ALLOWED_HOSTS=["*"])
django.setup()
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest

PREFIX, PATH = "/app", "/apples/"
environ = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": PREFIX, "PATH_INFO": PATH, "wsgi.input": BytesIO()}
scope = {"type": "http", "method": "GET", "root_path": PREFIX, "path": PATH, "query_string": b"", "headers": []}
print("WSGI:", WSGIRequest(environ).path_info)
print("ASGI:", ASGIRequest(scope, BytesIO()).path_info)

"""Behind `RemoteUserMiddleware`, a synchronous view under ASGI fetches the user a second time."""

import asyncio
import os
import tempfile

import django
from django.conf import settings

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}
MIDDLEWARE = ["sessions.middleware.SessionMiddleware", "auth.middleware.AuthenticationMiddleware"]
settings.configure(
    DATABASES={"default": DATABASE}, INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"]
)
settings.SECRET_KEY, settings.ROOT_URLCONF, settings.ALLOWED_HOSTS = "secret", __name__, ["*"]
settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.RemoteUserBackend"]
settings.MIDDLEWARE = [*(f"django.contrib.{name}" for name in MIDDLEWARE), "__main__.ProxyUserMiddleware"]
django.setup()
from django.contrib.auth.middleware import RemoteUserMiddleware
from django.core.management import call_command
from django.db import connection
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import path


class ProxyUserMiddleware(RemoteUserMiddleware):
    header = "HTTP_X_USER"


urlpatterns = [path("", lambda request: HttpResponse(f"{request.user} {len(connection.queries)} queries"))]
call_command("migrate", verbosity=0)
settings.DEBUG = True
for label, client in (("sync: ", Client()), ("async:", AsyncClient())):
    for _ in range(2):
        response = client.get("/", headers={"X-User": "joan"})
        response = response if client.__class__ is Client else asyncio.run(response)
    print(label, response.content.decode())

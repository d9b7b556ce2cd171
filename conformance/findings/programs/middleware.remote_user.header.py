"""Under ASGI, `RemoteUserMiddleware` looks for the header of a subclass under a name with `HTTP_` twice."""

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
settings.MIDDLEWARE = [*(f"django.contrib.{name}" for name in MIDDLEWARE), "__main__.CustomHeaderRemoteUserMiddleware"]
django.setup()
from django.contrib.auth.middleware import RemoteUserMiddleware
from django.core.management import call_command
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import path


class CustomHeaderRemoteUserMiddleware(RemoteUserMiddleware):
    header = "HTTP_AUTHUSER"


urlpatterns = [path("", lambda request: HttpResponse(str(request.user)))]
call_command("migrate", verbosity=0)
print("sync: ", Client().get("/", headers={"AuthUser": "joan"}).content.decode())
print("async:", asyncio.run(AsyncClient().get("/", headers={"AuthUser": "joan"})).content.decode())

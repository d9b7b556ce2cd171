"""After `alogin()`, `request.auser()` gives the user from before, if it was asked then."""

import asyncio
import os
import tempfile

import django
from django.conf import settings

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}
APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
settings.configure(DATABASES={"default": DATABASE}, INSTALLED_APPS=APPS, SECRET_KEY="secret", USE_TZ=True)
django.setup()
from django.contrib.auth import alogin, login
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import User
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.management import call_command
from django.http import HttpRequest


def prepared():
    request = HttpRequest()
    request.session = SessionStore()
    AuthenticationMiddleware(lambda _: None).process_request(request)
    return request


def synchronous(request):
    return f"{request.user}, then", login(request, joan), request.user.username


async def asynchronous(request):
    return f"{await request.auser()}, then", await alogin(request, joan), (await request.auser()).username


call_command("migrate", verbosity=0)
joan = User.objects.create(username="joan")
print("sync: ", synchronous(prepared())[::2])
print("async:", asyncio.run(asynchronous(prepared()))[::2])

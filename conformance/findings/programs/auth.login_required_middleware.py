"""Where a request is cancelled while a session gets a new key, nobody is told the key."""

import asyncio
import tempfile

import django
from django.conf import settings

PATHS = ("sessions.middleware.Session", "auth.middleware.Authentication", "auth.middleware.LoginRequired")
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": tempfile.mkdtemp() + "/db.sqlite3"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=[f"django.contrib.{path}Middleware" for path in PATHS],
    SECRET_KEY="old",
    ROOT_URLCONF="__main__",
)
django.setup()
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db.models.signals import pre_save
from django.http import HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path

loop = asyncio.new_event_loop()
urlpatterns = [path("", lambda request: HttpResponse())]
call_command("migrate", verbosity=0)
joan = User.objects.create(username="joan")
for name, client in (("sync: ", Client()), ("async:", AsyncClient())):
    client.force_login(joan)
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"]):
        answer = client.get("/")
        if name == "async:":
            task = loop.create_task(answer)
            pre_save.connect(lambda task=task, **_: loop.call_soon_threadsafe(task.cancel), Session, weak=False)
            loop.run_until_complete(asyncio.wait([task]))
    known = Session.objects.filter(pk=client.cookies["sessionid"].value)
    print(name, "her session is there:", loop.run_until_complete(known.aexists()))

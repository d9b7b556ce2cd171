"""`aupdate_session_auth_hash()` asks `request.user`, which sends a query on the event loop's thread, and is refused."""

import asyncio
import os
import tempfile

import django
from django.conf import settings

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}
APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
settings.configure(DATABASES={"default": DATABASE}, INSTALLED_APPS=APPS, SECRET_KEY="secret", USE_TZ=True)
django.setup()
from django.contrib.auth import aupdate_session_auth_hash, login, update_session_auth_hash
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import User
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.management import call_command
from django.http import HttpRequest


def prepared():
    request = HttpRequest()
    request.session = SessionStore()
    login(request, joan, "django.contrib.auth.backends.ModelBackend")
    AuthenticationMiddleware(lambda _: None).process_request(request)
    return request


call_command("migrate", verbosity=0)
joan = User.objects.create(username="joan")
print("sync: ", update_session_auth_hash(prepared(), joan))
try:
    print("async:", asyncio.run(aupdate_session_auth_hash(prepared(), joan)))
except Exception as error:
    print("async:", type(error).__name__)

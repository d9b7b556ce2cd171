"""`acheck_password()` that upgrades an outdated hash makes the new one on the event loop's thread."""

import asyncio
import os
import tempfile

import django
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}
APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
HASHERS = ["__main__.Hasher", "django.contrib.auth.hashers.MD5PasswordHasher"]
settings.configure(DATABASES={"default": DATABASE}, INSTALLED_APPS=APPS, PASSWORD_HASHERS=HASHERS, USE_TZ=True)


class Hasher(PBKDF2PasswordHasher):
    def encode(self, password, salt, iterations=None):
        try:
            asyncio.get_running_loop()
            print("observed: the new hash is made on the event loop's thread")
        except RuntimeError:
            print("observed: the new hash is made on another thread")
        return super().encode(password, salt, iterations)


django.setup()
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import call_command

call_command("migrate", verbosity=0)
joan = User.objects.create(username="joan", password=make_password("secret", hasher="md5"))
print("expected: the new hash is made on another thread")
asyncio.run(joan.acheck_password("secret"))

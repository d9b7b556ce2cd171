"""`acreate_user()` hashes the password on the event loop's thread, which takes a tenth of a second and more."""

import asyncio
import os
import tempfile

import django
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}
APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
settings.configure(
    DATABASES={"default": DATABASE}, INSTALLED_APPS=APPS, PASSWORD_HASHERS=["__main__.Hasher"], USE_TZ=True
)


class Hasher(PBKDF2PasswordHasher):
    def encode(self, password, salt, iterations=None):
        try:
            asyncio.get_running_loop()
            print("observed: the password is hashed on the event loop's thread")
        except RuntimeError:
            print("observed: the password is hashed on another thread")
        return super().encode(password, salt, iterations)


django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command

call_command("migrate", verbosity=0)
print("expected: the password is hashed on another thread")
asyncio.run(User.objects.acreate_user("joan", password="secret"))

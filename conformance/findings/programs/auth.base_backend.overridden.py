"""A backend that grants a permission in `has_perm()`, as the documentation shows, is not asked by `ahas_perm()`."""

import asyncio

import django
from django.conf import settings

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
BACKENDS = ["__main__.MagicAdminBackend"]
settings.configure(DATABASES={"default": DATABASE}, INSTALLED_APPS=APPS, AUTHENTICATION_BACKENDS=BACKENDS)
django.setup()
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import User


class MagicAdminBackend(BaseBackend):
    def has_perm(self, user_obj, perm, obj=None):
        return user_obj.username == "joan"


joan = User(username="joan")
print("sync:  has the permission:", joan.has_perm("app.change_thing"))
print("async: has the permission:", asyncio.run(joan.ahas_perm("app.change_thing")))

"""A manager that overrides `create_user()` is ignored by `acreate_user()`."""

import asyncio
import os
import tempfile

import django
from django.conf import settings

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}
APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
settings.configure(DATABASES={"default": DATABASE}, INSTALLED_APPS=APPS, USE_TZ=True)
django.setup()
from django.contrib.auth.models import User, UserManager
from django.core.management import call_command

call_command("migrate", verbosity=0)


class PersonManager(UserManager):
    def create_user(self, username, email=None, password=None, **extra_fields):
        return super().create_user(username, email, password, first_name="made by the project", **extra_fields)


class Person(User):
    objects = PersonManager()

    class Meta:
        proxy, app_label = True, "auth"


print("sync:  first name:", repr(Person.objects.create_user("ada").first_name))
print("async: first name:", repr(asyncio.run(Person.objects.acreate_user("joan")).first_name))

"""A user model that overrides `check_password()` is ignored by `acheck_password()`."""

import asyncio

import django
from django.conf import settings

APPS = ["django.contrib.auth", "django.contrib.contenttypes", "__main__"]
settings.configure(INSTALLED_APPS=APPS, PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
django.setup()
from django.contrib.auth.models import User


class Person(User):
    locked = True

    class Meta:
        proxy = True

    def check_password(self, raw_password):
        return not self.locked and super().check_password(raw_password)


person = Person()
person.set_password("secret")
print("sync:  lets the locked account in:", person.check_password("secret"))
print("async: lets the locked account in:", asyncio.run(person.acheck_password("secret")))

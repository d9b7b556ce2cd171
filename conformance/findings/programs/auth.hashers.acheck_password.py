"""`hashers.acheck_password()` hashes on the event loop's thread."""

import asyncio

import django
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher

settings.configure(PASSWORD_HASHERS=["__main__.Hasher"])


class Hasher(PBKDF2PasswordHasher):
    def encode(self, password, salt, iterations=None):
        try:
            asyncio.get_running_loop()
            hashed.append("on the event loop's thread")
        except RuntimeError:
            hashed.append("on another thread")
        return super().encode(password, salt, iterations)


django.setup()
from django.contrib.auth.hashers import acheck_password, make_password

hashed: list[str] = []
encoded = make_password("secret")
hashed.clear()
asyncio.run(acheck_password("secret", encoded))
print("expected: hashed on another thread")
print("observed: hashed", *hashed)

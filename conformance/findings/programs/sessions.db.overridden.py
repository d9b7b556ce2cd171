"""A session engine that overrides `save()` is ignored by `asave()`."""

import asyncio
import os
import tempfile

import django
from django.conf import settings

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}
settings.configure(
    DATABASES={"default": DATABASE}, INSTALLED_APPS=["django.contrib.sessions"], SECRET_KEY="secret", USE_TZ=True
)
django.setup()
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command


class AuditedStore(SessionStore):
    saved = 0

    def save(self, must_create=False):
        AuditedStore.saved += 1
        super().save(must_create)


call_command("migrate", verbosity=0)
AuditedStore("a" * 32).save(must_create=True)
print("sync:  the overriding save() was called:", AuditedStore.saved == 1)
AuditedStore.saved = 0
asyncio.run(AuditedStore("b" * 32).asave(must_create=True))
print("async: the overriding save() was called:", AuditedStore.saved == 1)

"""`asave()` stores no column that a subclass fills in `create_model_instance()`, as the documentation shows."""

import asyncio
import os
import tempfile

import django
from django.conf import settings

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}
settings.configure(DATABASES={"default": DATABASE}, INSTALLED_APPS=["__main__"], SECRET_KEY="secret", USE_TZ=True)
django.setup()
from django.contrib.sessions.backends.db import SessionStore as DBStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import connection, models


class CustomSession(AbstractBaseSession):
    account_id = models.IntegerField(null=True, db_index=True)


class SessionStore(DBStore):
    @classmethod
    def get_model_class(cls):
        return CustomSession

    def create_model_instance(self, data):
        obj = super().create_model_instance(data)
        obj.account_id = 7
        return obj


with connection.schema_editor() as editor:
    editor.create_model(CustomSession)
SessionStore("a" * 32).save(must_create=True)
asyncio.run(SessionStore("b" * 32).asave(must_create=True))
print("sync:  account_id is", CustomSession.objects.get(pk="a" * 32).account_id)
print("async: account_id is", CustomSession.objects.get(pk="b" * 32).account_id)

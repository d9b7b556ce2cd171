"""`AsyncClient.alogout()` sends `user_logged_out` without the user who was logged in."""

import asyncio
import os
import tempfile

import django
from django.conf import settings

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "db.sqlite3")}
APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
settings.configure(DATABASES={"default": DATABASE}, INSTALLED_APPS=APPS, SECRET_KEY="secret", USE_TZ=True)
django.setup()
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_out
from django.core.management import call_command
from django.test import AsyncClient, Client

told: list[User | None] = []
user_logged_out.connect(lambda user, **kwargs: told.append(user), weak=False)


async def main():
    client = AsyncClient()
    await client.aforce_login(joan)
    await client.alogout()


call_command("migrate", verbosity=0)
joan = User.objects.create(username="joan")
client = Client()
client.force_login(joan)
client.logout()
asyncio.run(main())
print("sync:  user is", told[0])
print("async: user is", told[1])

"""While a password is checked, nothing else goes on."""

import asyncio
import threading

from asgiref.sync import sync_to_async
from django.conf import settings

settings.configure(PASSWORD_HASHERS=["__main__.Patient"])
from django.contrib.auth.hashers import BasePasswordHasher, acheck_password

began, go_on, seen = threading.Event(), threading.Event(), []


class Patient(BasePasswordHasher):
    algorithm = "patient"

    def decode(self, encoded):
        return {"hash": encoded.split("$")[1]}

    def verify(self, password, encoded):
        began.set()
        seen.append(go_on.wait(1))
        return True

    def must_update(self, encoded):
        return False


async def main():
    checked = asyncio.ensure_future(acheck_password("secret", "patient$secret"))
    await asyncio.get_running_loop().run_in_executor(None, began.wait, 1)
    await sync_to_async(go_on.set)()
    await checked


asyncio.run(main())
print("expected: other code has gone on:", True)
print("observed: other code has gone on:", seen[0])

"""`@translation.override` over a coroutine function has no effect: it is over before the coroutine runs."""

import asyncio

import django
from django.conf import settings

settings.configure(USE_I18N=True)
django.setup()
from django.utils import translation


@translation.override("de")
def synchronous():
    return translation.gettext("Monday")


@translation.override("de")
async def asynchronous():
    return translation.gettext("Monday")


print("sync: ", synchronous())
print("async:", asyncio.run(asynchronous()))

"""What a receiver changes in a context variable does not come back to who awaits `asend()`."""

import asyncio
import contextvars

import django
from django.conf import settings

settings.configure()
django.setup()
from django.dispatch import Signal

variable = contextvars.ContextVar("variable", default="before")
signal = Signal()


def receiver(**kwargs):
    variable.set("changed by the receiver")


async def asynchronous():
    await signal.asend(None)
    return variable.get()


def synchronous():
    signal.send(None)
    return variable.get()


signal.connect(receiver)
print("sync: ", contextvars.copy_context().run(synchronous))
print("async:", asyncio.run(asynchronous()))

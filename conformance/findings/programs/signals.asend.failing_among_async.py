"""`asend()` calls asynchronous receivers although a synchronous one, which is called first, has raised."""

import asyncio

import django
from django.conf import settings

settings.configure()
django.setup()
from django.dispatch import Signal

signal = Signal()
called: list[str] = []


async def asynchronous_receiver(**kwargs):
    called.append("asynchronous")


def failing_receiver(**kwargs):
    raise ValueError


signal.connect(asynchronous_receiver)
signal.connect(failing_receiver)
try:
    signal.send(None)
except ValueError:
    print("sync:  called:", called)
called.clear()
try:
    asyncio.run(signal.asend(None))
except ValueError:
    print("async: called:", called)

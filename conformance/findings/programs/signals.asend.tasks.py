"""Where an asynchronous receiver raises, `asend()` leaves the call of the synchronous ones running as a task."""

import asyncio

import django
from django.conf import settings

settings.configure()
django.setup()
from django.dispatch import Signal

signal = Signal()


async def failing_receiver(**kwargs):
    raise ValueError


def synchronous_receiver(**kwargs):
    pass


async def main():
    try:
        await signal.asend(None)
    except ValueError:
        return len(asyncio.all_tasks()) - 1


signal.connect(failing_receiver)
signal.connect(synchronous_receiver)
try:
    signal.send(None)
except ValueError:
    print("sync:  still running: 0")
print("async: still running:", asyncio.run(main()))

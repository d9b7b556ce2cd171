"""What an asynchronous receiver sets in a context variable, the caller of `asend()` does not see."""

import asyncio
from contextvars import ContextVar

import django
from django.conf import settings

settings.configure()
django.setup()
from django.dispatch import Signal

request_id = ContextVar("request_id", default="not set")
signal, asynchronous_signal = Signal(), Signal()


def receiver(**kwargs):
    request_id.set("set by the receiver")


async def asynchronous_receiver(**kwargs):
    request_id.set("set by the receiver")


async def main():
    request_id.set("not set")
    await asynchronous_signal.asend(None)
    return request_id.get()


signal.connect(receiver)
asynchronous_signal.connect(asynchronous_receiver)
signal.send(None)
print("sync: ", request_id.get())
print("async:", asyncio.run(main()))

"""Where two asynchronous receivers raise, what `asend()` raises is no longer an exception of theirs."""

import asyncio

import django
from django.conf import settings

settings.configure()
django.setup()
from django.dispatch import Signal

signal = Signal()


async def first_receiver(**kwargs):
    raise ValueError("first")


async def second_receiver(**kwargs):
    raise ValueError("second")


async def main():
    try:
        await signal.asend(None)
    except Exception as error:
        return type(error).__name__


signal.connect(first_receiver)
signal.connect(second_receiver)
print("expected: ValueError")
print("observed:", asyncio.run(main()))

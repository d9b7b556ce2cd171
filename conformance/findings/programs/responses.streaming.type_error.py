"""Where an asynchronous iterator raises a `TypeError`, the response raises another one in its place."""

import asyncio
import warnings

import django
from django.conf import settings

settings.configure()
django.setup()
from django.http import StreamingHttpResponse

warnings.simplefilter("ignore")


def part(number):
    raise TypeError("a mistake in the view")


async def parts():
    yield part(1)


async def served():
    try:
        return [each async for each in StreamingHttpResponse(parts())]
    except TypeError as error:
        return error


try:
    list(StreamingHttpResponse(map(part, [1])))
except TypeError as error:
    print("sync: ", error)
print("async:", asyncio.run(served()))

"""A stream that is compressed reaches the client when it is over: no part can be read when it comes."""

import asyncio
import zlib

import django
from django.conf import settings

settings.configure()
django.setup()
from django.http import HttpRequest, StreamingHttpResponse
from django.middleware.gzip import GZipMiddleware


async def parts():
    yield b"first"
    yield b"second"


async def main():
    request = HttpRequest()
    request.META["HTTP_ACCEPT_ENCODING"] = "gzip"
    response = GZipMiddleware(lambda _: StreamingHttpResponse(parts()))(request)
    packed = zlib.decompressobj(wbits=31)
    found = [packed.decompress(part) async for part in response]
    return [part for part in found if part]


print("expected: [b'first', b'second']")
print("observed:", asyncio.run(main()))

"""A middleware of the project's own, which looks something up on a thread of the loop's pool."""

import asyncio

from django.db import connections
from django.utils.decorators import async_only_middleware

from sample_app.models import Tag


@async_only_middleware
def audited(get_response):
    async def middleware(request):
        if request.path == "/left-by-the-middleware/":
            await asyncio.to_thread(Tag.objects.count)  # leak of test_middleware: lingering
        if request.path == "/closed-by-the-middleware/":
            await asyncio.to_thread(look_up)
        return await get_response(request)

    return middleware


def look_up():
    try:
        Tag.objects.count()
    finally:
        connections.close_all()

"""`csrf_protect` reads the template of its refusal on the event loop's thread."""

import asyncio
import sys

import django
from django.conf import settings

settings.configure(SECRET_KEY="secret", ALLOWED_HOSTS=["testserver"])
django.setup()
from django.http import HttpResponse
from django.test import AsyncRequestFactory
from django.views.decorators.csrf import csrf_protect

opened: list[str] = []


@csrf_protect
async def view(request):
    return HttpResponse()


async def main():
    request = AsyncRequestFactory().post("/")
    await view(request)
    opened.clear()
    await view(request)


sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
asyncio.run(main())
print("expected: opened on the event loop's thread: []")
print("observed: opened on the event loop's thread:", [name.rpartition("/")[2] for name in opened])

"""Headers given to `AsyncClient` arrive under another name: `X-Mark` as `Http-X-Mark`."""

import asyncio

import django
from django.conf import settings

settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="secret")
django.setup()
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import path


def view(request):
    return HttpResponse(", ".join(f"{name}: {value}" for name, value in request.headers.items() if "Mark" in name))


urlpatterns = [path("", view)]
settings.ALLOWED_HOSTS = ["testserver"]
print("sync: ", Client(headers={"X-Mark": "1"}).get("/").content.decode())
print("async:", asyncio.run(AsyncClient(headers={"X-Mark": "1"}).get("/")).content.decode())

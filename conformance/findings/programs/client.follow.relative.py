"""`AsyncClient` cannot follow a redirect to a relative path: it raises `KeyError`."""

import asyncio

import django
from django.conf import settings

settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="secret", ALLOWED_HOSTS=["testserver"])
django.setup()
from django.http import HttpResponse, HttpResponseRedirect
from django.test import AsyncClient, Client
from django.urls import path

urlpatterns = [
    path("moved/", lambda request: HttpResponseRedirect("../there/")),
    path("there/", lambda request: HttpResponse("arrived")),
]
print("sync: ", Client().get("/moved/", follow=True).content.decode())
try:
    print("async:", asyncio.run(AsyncClient().get("/moved/", follow=True)).content.decode())
except KeyError as error:
    print("async:", repr(error))

"""`AsyncClient` cannot follow a redirect of status 307 or 308: it raises `KeyError`."""

import asyncio

import django
from django.conf import settings

settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="secret", ALLOWED_HOSTS=["testserver"])
django.setup()
from django.http import HttpResponse, HttpResponseRedirect
from django.test import AsyncClient, Client
from django.urls import path


class Moved(HttpResponseRedirect):
    status_code = 307


urlpatterns = [
    path("moved/", lambda request: Moved("/there/")),
    path("there/", lambda request: HttpResponse(request.method)),
]
print("sync: ", Client().post("/moved/", follow=True).content.decode())
try:
    print("async:", asyncio.run(AsyncClient().post("/moved/", follow=True)).content.decode())
except KeyError as error:
    print("async:", repr(error))

"""`AsyncClient` that follows a redirect to another host asks the first host again, under the first scheme."""

import asyncio

import django
from django.conf import settings

settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="secret", ALLOWED_HOSTS=["*"])
django.setup()
from django.http import HttpResponse, HttpResponseRedirect
from django.test import AsyncClient, Client
from django.urls import path

urlpatterns = [
    path("moved/", lambda request: HttpResponseRedirect("https://other.example/there/")),
    path("there/", lambda request: HttpResponse(request.build_absolute_uri())),
]
print("sync: ", Client().get("/moved/", follow=True).content.decode())
print("async:", asyncio.run(AsyncClient().get("/moved/", follow=True)).content.decode())

"""A `Host` header given to `AsyncClient` is added to the one that is there, not put in its place."""

import asyncio

import django
from django.conf import settings

settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="secret", ALLOWED_HOSTS=["testserver", "example.com"])
django.setup()
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse(request.META["HTTP_HOST"]))]
print("sync:  the host is", Client().get("/", headers={"Host": "example.com"}).content.decode())
print("async: the host is", asyncio.run(AsyncClient().get("/", headers={"Host": "example.com"})).content.decode())

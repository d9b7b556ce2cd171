"""Views of the project under test: sync and async, with and without transactions."""

from __future__ import annotations

import json

from asgiref.sync import sync_to_async
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

from sample_app.models import Tag


def tags(request: HttpRequest) -> JsonResponse:
    if request.method == "POST":
        Tag.objects.create(name=json.loads(request.body)["name"])
    return JsonResponse({"names": sorted(Tag.objects.values_list("name", flat=True))})


async def async_tags(request: HttpRequest) -> JsonResponse:
    if request.method == "POST":
        await Tag.objects.acreate(name=json.loads(request.body)["name"])
    return JsonResponse({"names": sorted([tag.name async for tag in Tag.objects.all()])})


@transaction.atomic
def atomic_failure(request: HttpRequest) -> HttpResponse:
    Tag.objects.create(name="half")
    raise ValueError("after the write")


async def mixed(request: HttpRequest) -> JsonResponse:
    await Tag.objects.acreate(name="async")
    await sync_to_async(Tag.objects.create)(name="sync")
    await sync_to_async(Tag.objects.create, thread_sensitive=False)(name="elsewhere")
    return JsonResponse({"count": await Tag.objects.acount()})


async def streamed(request: HttpRequest) -> StreamingHttpResponse:
    async def names():
        async for tag in Tag.objects.order_by("name"):
            yield f"{tag.name}\n"

    return StreamingHttpResponse(names())


async def streamed_in_chunks(request: HttpRequest) -> StreamingHttpResponse:
    async def names():
        async for tag in Tag.objects.order_by("name").aiterator(chunk_size=2):
            yield f"{tag.name}\n"

    return StreamingHttpResponse(names())


def sync_streamed(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(f"{tag.name}\n" for tag in Tag.objects.order_by("name").iterator(chunk_size=2))


async def who(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(await request.auser()))


async def async_counted(request: HttpRequest) -> HttpResponse:
    visits = await request.session.aget("visits", 0) + 1
    await request.session.aset("visits", visits)
    return HttpResponse(str(visits))


def counted(request: HttpRequest) -> HttpResponse:
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse(str(request.session["visits"]))


urlpatterns = [
    path("tags/", tags),
    path("async-tags/", async_tags),
    path("atomic-failure/", atomic_failure),
    path("mixed/", mixed),
    path("streamed/", streamed),
    path("streamed-in-chunks/", streamed_in_chunks),
    path("sync-streamed/", sync_streamed),
    path("who/", who),
    path("async-counted/", async_counted),
    path("counted/", counted),
]

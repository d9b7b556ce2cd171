"""Views that leave connections open, and views that do not."""

import asyncio
import threading

from asgiref.sync import sync_to_async
from django.db import connections, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from sample_app.models import AuditEntry, Tag

reached = threading.Event()


def sync_view(request):
    number = Tag.objects.count()  # leak of test_max_age_sync, test_max_age_uvicorn, test_max_age_for_ever: orphaned
    return HttpResponse(number)


async def async_view(request):
    return HttpResponse(await Tag.objects.acount())  # leak of test_max_age_async, test_max_age_in_tasks*3: orphaned


async def elsewhere(request):
    number = await sync_to_async(Tag.objects.count, thread_sensitive=False)()  # leak of test_view_on_a_pool: lingering
    return HttpResponse(number)


def count_and_close():
    try:
        return Tag.objects.count()
    finally:
        connections.close_all()


async def elsewhere_closed(request):
    return HttpResponse(await sync_to_async(count_and_close, thread_sensitive=False)())


async def failing(request):
    await Tag.objects.acount()
    raise ValueError("for the error page")


def error_page(request):
    if request.path == "/failing-page/":
        return HttpResponse(Tag.objects.count(), status=500)  # leak of test_error_page: lingering
    return HttpResponse("failed", status=500)


async def waiting(request):
    await Tag.objects.acount()  # leak of test_cancelled_request, test_max_age_disconnect: orphaned
    reached.set()
    await asyncio.Event().wait()


async def spawning(request):
    thread = threading.Thread(target=lambda: Tag.objects.count())  # leak of test_thread_of_a_view: orphaned
    thread.start()
    await asyncio.to_thread(thread.join)
    return HttpResponse("spawned")


async def two_databases(request):
    await Tag.objects.acount()
    await AuditEntry.objects.acount()  # leak of test_max_age_of_one_database: orphaned
    return HttpResponse("both")


async def forgetful(request):
    Tag.objects.acount()  # leak of test_forgetful_view: ORM coroutine never awaited
    return HttpResponse("forgot")


async def streamed(request):
    async def names():
        async for tag in Tag.objects.order_by("name").aiterator(chunk_size=1):
            yield f"{tag.name}\n"

    return StreamingHttpResponse(names())


def atomic_failing(request):
    with transaction.atomic():
        Tag.objects.count()
        raise ValueError("inside")


async def quiet(request):
    return HttpResponse("ok")


handler500 = error_page
urlpatterns = [
    path("sync/", sync_view),
    path("async/", async_view),
    path("elsewhere/", elsewhere),
    path("elsewhere-closed/", elsewhere_closed),
    path("failing/", failing),
    path("failing-page/", failing),
    path("waiting/", waiting),
    path("spawning/", spawning),
    path("two-databases/", two_databases),
    path("forgetful/", forgetful),
    path("streamed/", streamed),
    path("atomic-failing/", atomic_failing),
    path("left-by-the-middleware/", quiet),
    path("closed-by-the-middleware/", quiet),
]

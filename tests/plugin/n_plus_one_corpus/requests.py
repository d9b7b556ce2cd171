"""Negative: requests whose views and middleware ask once."""

from __future__ import annotations

import django
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import Context, Engine
from django.test import AsyncClient, Client, override_settings
from django.urls import path

from n_plus_one_corpus.program import negative
from n_plus_one_corpus.rows import USERNAMES, User
from n_plus_one_corpus.views import PAGE, PostSerializer, routed, serialized
from sample_app.models import Post


@negative(statements=1)
async def serializer_of_joined_rows() -> bytes:
    """The serializer of the positives, over rows with their authors."""

    def view(request: HttpRequest) -> JsonResponse:
        return JsonResponse({"posts": [serialized(post) for post in Post.objects.select_related("author")]})

    with routed(view):
        response = await AsyncClient().get("/")
    return response.content


@negative(statements=2)
async def serializer_of_prefetched_rows() -> bytes:
    """The serializer class of the positives, over rows with their tags."""

    async def view(request: HttpRequest) -> JsonResponse:
        serializer = PostSerializer(Post.objects.prefetch_related("tags"))
        return JsonResponse({"posts": await sync_to_async(lambda: serializer.data)()})

    with routed(view):
        response = await AsyncClient().get("/")
    return response.content


@negative(statements=1)
def template_of_joined_rows() -> bytes:
    """The template of the positives, over rows with their authors."""

    def view(request: HttpRequest) -> HttpResponse:
        posts = Post.objects.select_related("author")
        return HttpResponse(Engine().from_string(PAGE).render(Context({"posts": posts})))

    with routed(view):
        return Client().get("/").content


@negative(statements=2)
async def two_requests() -> list[bytes]:
    """The same view twice: one query each."""

    async def view(request: HttpRequest) -> JsonResponse:
        return JsonResponse({"count": await Post.objects.acount()})

    with routed(view):
        return [(await AsyncClient().get("/")).content for _ in range(2)]


if django.VERSION >= (5, 0):

    @negative(statements=13)
    async def session_and_user_over_two_requests() -> list[bytes]:
        """The middleware of sessions and of authentication ask once for each of two requests."""

        async def view(request: HttpRequest) -> HttpResponse:
            return HttpResponse((await request.auser()).username)

        client = AsyncClient()
        await client.aforce_login(await User.objects.aget(username=USERNAMES[0]))
        with override_settings(ROOT_URLCONF=(path("", view),)):
            first = await client.get("/")
            second = await client.get("/")
        return [first.content, second.content]

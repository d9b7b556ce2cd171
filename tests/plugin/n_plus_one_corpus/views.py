"""Positive: serializers, templates and streams, inside requests of the test clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.template import Context, Engine
from django.test import AsyncClient, Client, override_settings
from django.urls import path

from n_plus_one_corpus.program import positive
from sample_app.models import Post


@contextmanager
def routed(view: object) -> Iterator[None]:
    """Serve one view at /, without middleware."""
    with override_settings(ROOT_URLCONF=(path("", view),), MIDDLEWARE=[]):
        yield


def serialized(post: Post) -> dict[str, object]:
    return {
        "title": post.title,
        "author": post.author.username,  # query of serializer_in_a_sync_view
    }


class PostSerializer:
    """What a serializer of a framework does: one method for each field."""

    def __init__(self, posts: object) -> None:
        self.posts = posts

    @property
    def data(self) -> list[dict[str, object]]:
        return [{"tags": self.get_tags(post)} for post in self.posts]  # loop of serializer_in_an_async_view

    def get_tags(self, post: Post) -> list[str]:
        return [tag.name for tag in post.tags.all()]  # query of serializer_in_an_async_view


@positive(statements=11, remedy='select_related("author")')
async def serializer_in_a_sync_view() -> bytes:
    """A sync view under the async client, and a function that serializes."""

    def view(request: HttpRequest) -> JsonResponse:
        return JsonResponse({"posts": [serialized(post) for post in Post.objects.all()]})  # loop

    with routed(view):
        response = await AsyncClient().get("/")
    return response.content


@positive(statements=11, remedy='prefetch_related("tags")')
async def serializer_in_an_async_view() -> bytes:
    """An async view, and a class whose property is read in a thread."""

    async def view(request: HttpRequest) -> JsonResponse:
        serializer = PostSerializer(Post.objects.all())
        data = await sync_to_async(lambda: serializer.data)()
        return JsonResponse({"posts": data})

    with routed(view):
        response = await AsyncClient().get("/")
    return response.content


@positive(statements=11)
async def loop_in_an_async_view() -> bytes:
    """An async view that asks for each row."""

    async def view(request: HttpRequest) -> JsonResponse:
        counts = {}
        async for post in Post.objects.all():  # loop
            counts[post.title] = await post.comments.acount()  # query
        return JsonResponse(counts)

    with routed(view):
        response = await AsyncClient().get("/")
    return response.content


@positive(statements=11, remedy='select_related("author")')
def view_under_the_sync_client() -> bytes:
    """A sync view under the sync client."""

    def view(request: HttpRequest) -> JsonResponse:
        authors = {}
        for post in Post.objects.all():  # loop
            authors[post.title] = post.author.username  # query
        return JsonResponse(authors)

    with routed(view):
        return Client().get("/").content


PAGE = "{% for post in posts %}<li>{{ post.title }} by {{ post.author.username }}</li>{% endfor %}"


@positive(statements=11, remedy='select_related("author")')
async def template_in_a_sync_view() -> bytes:
    """The loop is the template's: the line to name is the one that renders it."""

    def view(request: HttpRequest) -> HttpResponse:
        template = Engine().from_string(PAGE)
        page = template.render(Context({"posts": Post.objects.all()}))  # query # loop?
        return HttpResponse(page)

    with routed(view):
        response = await AsyncClient().get("/")
    return response.content


@positive(statements=11, remedy='select_related("author")')
async def template_in_an_async_view() -> bytes:
    """The same, rendered in a thread by a function of its own."""

    def rendered() -> str:
        template = Engine().from_string(PAGE)
        context = Context({"posts": Post.objects.all()})
        return template.render(context)  # query # loop?

    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(await sync_to_async(rendered)())

    with routed(view):
        response = await AsyncClient().get("/")
    return response.content


@positive(statements=11)
async def streamed_response() -> bytes:
    """The body is made while it is sent."""

    async def lines() -> AsyncIterator[str]:
        async for post in Post.objects.all():  # loop
            comment = await post.comments.afirst()  # query
            yield f"{post.title}: {comment}\n"

    async def view(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(lines())

    with routed(view):
        response = await AsyncClient().get("/")
        return b"".join([part async for part in response.streaming_content])

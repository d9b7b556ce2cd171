"""Async views. Each loads what it needs before it makes its answer: nothing lazy is left for template or JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render

from sample_app import payloads
from sample_app.answers import json_view
from sample_app.models import Comment, Post
from sample_app.utils.async_db_monitor import monitor, timed
from sample_app.utils.async_posts import fetch_post_with_comments, update_post
from sample_app.utils.async_queries import increment_views, newest_headlines, newest_posts, post_statistics
from sample_app.utils.async_transactions import bulk_create_posts, create_post_with_comments, transfer_posts

MOST_LISTED = 10_000


async def page(request: HttpRequest) -> HttpResponse:
    """The newest posts, as HTML."""
    # Not Django's require_safe, which takes async views from Django 5.0 on.
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    return render(request, "sample_app/posts.html", {"headlines": await newest_headlines(50)})


@json_view("GET", "POST")
async def posts(request: HttpRequest) -> HttpResponse:
    """GET lists the newest posts; POST creates one with its comments, all of it or nothing."""
    if request.method == "POST":
        created = await create_post_with_comments(payloads.new_post(payloads.read_object(request)))
        return JsonResponse({"id": created.pk, "title": created.title}, status=201)
    listed = await newest_headlines(payloads.limit(request, 50, MOST_LISTED))
    return JsonResponse({"posts": [{**_post(headline.post), "comments": headline.comments} for headline in listed]})


@json_view("GET", "PATCH")
async def post(request: HttpRequest, key: int) -> HttpResponse:
    """GET gives a post with its comments; PATCH changes title, content or published."""
    if key > payloads.LARGEST_KEY:
        raise Http404
    if request.method == "PATCH":
        await update_post(key, payloads.changes(payloads.read_object(request)))
    return JsonResponse(_post_with_comments(await fetch_post_with_comments(key)))


@json_view("POST")
async def bulk(request: HttpRequest) -> HttpResponse:
    """Create many posts: all of them or none."""
    created = await bulk_create_posts(payloads.new_posts(payloads.read_object(request)))
    return JsonResponse({"created": len(created), "ids": [post.pk for post in created]}, status=201)


@json_view("POST")
async def transfer(request: HttpRequest) -> HttpResponse:
    """Make every post of `from_user` one of `to_user`'s."""
    data = payloads.read_object(request)
    done = await transfer_posts(payloads.key(data, "from_user"), payloads.key(data, "to_user"))
    return JsonResponse(asdict(done))


@json_view("GET")
async def overview(request: HttpRequest) -> HttpResponse:
    """The newest posts with their comments and statistics; seeing them counts as a view of each."""
    listed = await timed("newest posts", newest_posts, payloads.limit(request, 20, MOST_LISTED))
    keys = [post.pk for post in listed]
    counted = await increment_views(keys)
    statistics = await post_statistics(keys)
    return JsonResponse(
        {
            "counted": counted,
            "posts": [_post_with_comments(post) for post in listed],
            "statistics": {str(key): asdict(found) for key, found in statistics.items()},
        }
    )


@json_view("GET")
async def database(_: HttpRequest) -> HttpResponse:
    """For each database whether it is usable, and how much it was asked."""
    health = await monitor.health()
    return JsonResponse({"databases": {alias: asdict(found) for alias, found in health.items()}})


def _post(post: Post) -> dict[str, Any]:
    return {
        "id": post.pk,
        "title": post.title,
        "content": post.content,
        "published": post.published,
        "views": post.views,
        "author": post.author.get_username() if post.author else None,
    }


def _post_with_comments(post: Post) -> dict[str, Any]:
    return {**_post(post), "comments": [_comment(comment) for comment in post.comments.all()]}


def _comment(comment: Comment) -> dict[str, Any]:
    return {"content": comment.content, "author": comment.author.get_username() if comment.author else None}

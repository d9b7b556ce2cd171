"""How every JSON view answers: also a refusal and a failure are JSON, and say what a client may know."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from sample_app.models import Post
from sample_app.utils.async_transactions import UnknownUser

logger = logging.getLogger(__name__)
View = Callable[..., Coroutine[Any, Any, HttpResponse]]


def json_view(*methods: str) -> Callable[[View], View]:
    """Make the view answer 405 to other methods, 400 to bad data, 404 to what is not there, 500 to all else.

    A cancellation is none of these: nobody is there to be answered, and it goes on its way.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        async def wrapper(request: HttpRequest, **named: Any) -> HttpResponse:
            if request.method not in methods:
                return HttpResponseNotAllowed(
                    methods, '{"error": "method not allowed"}', content_type="application/json"
                )
            try:
                return await view(request, **named)
            except (BadRequest, UnknownUser) as error:
                return _error(400, str(error))
            except (Http404, Post.DoesNotExist):
                return _error(404, "not found")
            except Exception:
                # What went wrong is for the log: it may tell of the database what no client should know.
                logger.exception("%s %s failed", request.method, request.path)
                return _error(500, "internal error")

        return wrapper

    return decorate


def _error(status: int, message: str) -> JsonResponse:
    return JsonResponse({"error": message}, status=status)

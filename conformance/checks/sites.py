"""Sites that experiments ask: their views, what is noted in them, and responses as plain values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from conformance.checks.journal import Journal
from conformance.checks.plain import NOW
from conformance.strategies.values import LAST_GENERATED_YEAR

# What is different in two responses by design: moments, tokens and keys of sessions.
_HTTP_DATE = re.compile(r"\w{3}, \d\d[ -]\w{3}[ -](\d{4}) \d\d:\d\d:\d\d GMT")
_SECRET = re.compile(r"\b((?:csrftoken|sessionid)=)[A-Za-z0-9]{20,}")
# What a URL gives a view beside the request: of a group without a name, and of one with.
NUMBER, ARGUMENT = 5, "!"


class Visit:
    """What the views of a site have to do in the example that runs, and where they note what they saw.

    It is one of the process: what a view is given must not come to it through anything that is measured.
    """

    def __init__(self) -> None:
        self.example: Any = None
        self.journal: Any = None
        # Files that a view has opened, for whoever looks whether they are closed.
        self.opened: list[Any] = []

    @contextmanager
    def to(self, example: Any, journal: Journal | None = None) -> Iterator[None]:
        """While the block runs, this is the example."""
        before = self.example, self.journal
        self.example, self.journal = example, journal
        try:
            yield
        finally:
            self.example, self.journal = before


VISIT = Visit()


class Site:
    """Views by route. `urlconf` is made once, since Django keeps a resolver for each for ever."""

    def __init__(self, **views: Callable[..., Any]) -> None:
        self._views = views
        self._urlconf: tuple[Any, ...] = ()

    @property
    def urlconf(self) -> tuple[Any, ...]:
        """For the setting ROOT_URLCONF: the view `name` answers at `/name/`."""
        from django.urls import path

        if not self._urlconf:
            self._urlconf = tuple(path(f"{name}/", view, name=name) for name, view in self._views.items())
        return self._urlconf


@contextmanager
def in_test_environment() -> Iterator[None]:
    """Django's, in which templates tell what they render; whoever runs this may have set it up already."""
    from django.test.utils import setup_test_environment, teardown_test_environment

    try:
        setup_test_environment()
    except RuntimeError:
        yield
        return
    try:
        yield
    finally:
        teardown_test_environment()


def masked(text: str) -> str:
    """Without moments that were taken from the clock, and without secrets."""
    text = _HTTP_DATE.sub(lambda match: NOW if int(match[1]) > LAST_GENERATED_YEAR else match[0], text)
    return _SECRET.sub(r"\1<secret>", text)


def plain_response(response: Any, content: bytes | None = None) -> dict[str, Any]:
    """Status, headers, cookies and body. `content` is what was read of a streaming response."""
    body = response.content if content is None else content
    return {
        "status": response.status_code,
        "reason": response.reason_phrase,
        "headers": sorted((name.lower(), masked(str(value))) for name, value in response.items()),
        "cookies": sorted(masked(morsel.OutputString()) for morsel in response.cookies.values()),
        "body": body,
    }


# Headers that are facts of their own: WSGI does not need the first, and spaces in the second mean nothing.
_KNOWN = ("Host", "Cookie")
# Keys of `request.META` that are documented, and of which nothing is different by design: all of them are text.
_META = (
    "REQUEST_METHOD",
    "QUERY_STRING",
    "SCRIPT_NAME",
    "PATH_INFO",
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
    "REMOTE_ADDR",
    "SERVER_NAME",
    "SERVER_PORT",
)


def facts(request: Any) -> dict[str, Any]:
    """What a view can know of a request, of which nothing is different between WSGI and ASGI by design."""
    return {
        "class": type(request).__mro__[-2].__name__,
        "method": request.method,
        "path": request.path,
        "path_info": request.path_info,
        "full_path": request.get_full_path(),
        "host": request.get_host(),
        "port": request.get_port(),
        "secure": request.is_secure(),
        "GET": dict(request.GET.lists()),
        "cookies": dict(sorted(request.COOKIES.items())),
        "headers": sorted((name, value) for name, value in request.headers.items() if value and name not in _KNOWN),
        "content_type": request.content_type,
        "parameters": dict(request.content_params or {}),
        "encoding": request.encoding,
        "remote": request.META.get("REMOTE_ADDR"),
        "match": (request.resolver_match.url_name, request.resolver_match.kwargs),
    }


def meta_facts(request: Any) -> dict[str, Any]:
    """What is documented of `request.META`, for servers that are told the same of a request."""
    return {name: request.META.get(name) for name in _META}


def body_facts(request: Any) -> dict[str, Any]:
    """The body as it was parsed, or as it came."""
    form = {"POST": dict(request.POST.lists()), "FILES": _files(request)}
    try:
        return {**form, "body": request.body}
    except Exception as error:  # noqa: BLE001 - which it is, is compared
        return {**form, "body": type(error).__name__}


def _files(request: Any) -> list[tuple[Any, ...]]:
    files = ((name, each) for name, group in request.FILES.lists() for each in group)
    return [(name, each.name, each.content_type, each.size, each.read()) for name, each in files]

"""Django's own middleware, around a synchronous and around an asynchronous view: the same responses."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st

from conformance.checks.experiments import Overriding, Sides
from conformance.checks.instruments.clock import CLOCK, restart, still
from conformance.checks.instruments.probe import touch
from conformance.checks.journal import Journal
from conformance.checks.outcomes import Absent
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT, Site, plain_response
from conformance.checks.stage import Stage
from conformance.strategies import NO_ROWS, Rows


@dataclass(frozen=True)
class Ask:
    """One request of the test client."""

    path: str = "/page/"
    verb: str = "get"
    headers: tuple[tuple[str, str], ...] = ()
    data: Any = None
    secure: bool = False


@dataclass(frozen=True)
class Page:
    """What the view does: the response's body, status and headers; `parts` of a body that is streamed.

    `acts` names what it does with the request before (`session`, `message`, ...).
    """

    body: bytes = b"a page"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    parts: tuple[bytes, ...] = ()
    acts: str = ""


@dataclass(frozen=True)
class Walk:
    """Requests one after the other, with one client, through the middleware, under settings, to a view."""

    middleware: tuple[str, ...]
    settings: tuple[tuple[str, Any], ...]
    asks: tuple[Ask, ...]
    page: Page
    asynchronous_view: bool
    rows: Rows = NO_ROWS


# What a view does with a request, by name. Each gives what the body then ends with.
ACTS: dict[str, Callable[[Any], Any]] = {}
# The same in an asynchronous view, where it is done in another way.
ASYNC_ACTS: dict[str, Callable[[Any], Awaitable[Any]]] = {}


def _respond(said: Any) -> Any:
    from django.http import HttpResponse, StreamingHttpResponse

    page = VISIT.example.page
    extra = b"" if said is None else repr(said).encode()
    body = page.body + extra
    if page.parts:
        response: Any = StreamingHttpResponse(iter(page.parts), status=page.status)
    else:
        response = HttpResponse(body, status=page.status)
    for name, value in page.headers:
        response[name] = value
    return response


def _act(request: Any) -> Any:
    act = ACTS.get(VISIT.example.page.acts)
    return None if act is None else act(request)


def _page(request: Any) -> Any:
    VISIT.journal.sync("view", request.method)
    return _respond(_act(request))


async def _aact(request: Any) -> Any:
    """It may ask the database."""
    from asgiref.sync import sync_to_async

    name = VISIT.example.page.acts
    if act := ASYNC_ACTS.get(name):
        return await act(request)
    return await sync_to_async(_act)(request) if name else None


async def _apage(request: Any) -> Any:
    said = await _aact(request)
    VISIT.journal.coroutine("view", request.method)
    return _respond(said)


# The middleware must not know which view it has: one path for both, chosen when the site is asked.
_SITES = {False: Site(page=_page, other=_page), True: Site(page=_apage, other=_apage)}


@contextmanager
def surroundings(example: Walk) -> Iterator[None]:
    """The site behind the middleware. Raises `Absent` for middleware that this version does not have."""
    from django.test import override_settings
    from django.utils.module_loading import import_string

    for path in example.middleware:
        try:
            import_string(path)
        except ImportError as error:
            raise Absent(f"there is no {path}") from error
    given = {"ROOT_URLCONF": _SITES[example.asynchronous_view].urlconf, "MIDDLEWARE": list(example.middleware)}
    with override_settings(**given, **dict(example.settings)), still(), _no_response_ages():
        yield


@contextmanager
def _no_response_ages() -> Iterator[None]:
    """Of two sides, one may be asked a second later: `Age` and `Expires` would differ."""
    from django.middleware import cache as middleware
    from django.utils import cache

    with ExitStack() as stack:
        for module in (cache, middleware):
            if hasattr(module, "time"):
                stack.enter_context(patch.object(module, "time", CLOCK))
        yield


def _plain(response: Any, body: bytes) -> dict[str, Any]:
    """The response; compressed, with its content instead of bytes that differ from run to run."""
    shown = plain_response(response, body)
    if response.get("Content-Encoding") == "gzip":
        shown["body"] = ("gzip", gzip.decompress(body))
        shown["headers"] = [pair for pair in shown["headers"] if pair[0] != "content-length"]
    return shown


def _read(response: Any) -> Any:
    return _plain(response, b"".join(response) if response.streaming else response.content)


async def _aread(response: Any) -> Any:
    if not response.streaming:
        return _plain(response, response.content)
    if getattr(response, "is_async", False):
        return _plain(response, b"".join([part async for part in response]))
    return _plain(response, b"".join(response))


def _given(ask: Ask, *, asgi: bool) -> dict[str, Any]:
    """Headers as each client takes them in every version."""
    named = {name if asgi else f"HTTP_{name.upper().replace('-', '_')}": value for name, value in ask.headers}
    data = {} if ask.data is None else {"data": ask.data}
    return {**data, **named, "secure": ask.secure}


@dataclass
class _Walked:
    """One side of a walk: its client, and what it has seen."""

    journal: Journal
    example: Walk
    shown: list[Any] = field(default_factory=list)

    @contextmanager
    def walking(self) -> Iterator[None]:
        with VISIT.to(self.example, self.journal), ExitStack() as stack:
            for name in ("django.request", "django.security.csrf", "django.security.DisallowedHost"):
                stack.enter_context(self.journal.logging(name))
            yield


def walk(stage: Stage, example: Walk, before: Callable[[Any], None] = lambda _: None) -> Sides:
    """Both clients; `before` prepares one, outside what is measured."""
    from django.core.cache import cache
    from django.test import AsyncClient, Client

    restart()
    cache.clear()
    client: Any = Client(enforce_csrf_checks=True, raise_request_exception=False)
    asgi: Any = AsyncClient(enforce_csrf_checks=True, raise_request_exception=False)
    before(client)
    asgi.cookies = client.cookies
    walked = _Walked(Journal(stage.recorder), example)

    def sync() -> Any:
        with walked.walking():
            return [_read(getattr(client, ask.verb)(ask.path, **_given(ask, asgi=False))) for ask in example.asks]

    async def asynchronous() -> Any:
        with walked.walking():
            return [
                await _aread(await getattr(asgi, ask.verb)(ask.path, **_given(ask, asgi=True))) for ask in example.asks
            ]

    return Sides(sync, asynchronous, held=(walked.journal.state,), overriding=_hooks(example.middleware[-1]))


def _hooks(path: str) -> Overriding:
    """Every synchronous hook of the middleware counted, as a subclass that overrides it would."""

    @contextmanager
    def overriding() -> Iterator[Callable[[], int]]:
        from django.utils.module_loading import import_string

        kind = import_string(path)
        calls: list[None] = []
        with ExitStack() as stack:
            for name in ("process_request", "process_response", "process_view"):
                if hasattr(kind, name):
                    stack.enter_context(patch.object(kind, name, _counted(getattr(kind, name), calls)))
            yield lambda: len(calls)

    return overriding


def _counted(original: Callable[..., Any], calls: list[None]) -> Callable[..., Any]:
    def hook(self: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(None)
        touch()
        return original(self, *args, **kwargs)

    return hook


def source(example: Walk) -> tuple[str, str]:
    """Settings, and what is asked of which view."""
    view = "async def" if example.asynchronous_view else "def"
    lines = [f"MIDDLEWARE = {list(example.middleware)}", *(f"{name} = {value!r}" for name, value in example.settings)]
    lines.append(f"{view} page(request): ...  # {example.page!r}")
    asked = [f"client.{ask.verb}({ask.path!r}, {_given(ask, asgi=True)})" for ask in example.asks]
    return "\n".join([*lines, "client = Client()", *asked]), "\n".join(
        ["client = AsyncClient()", *(f"await {each}" for each in asked)]
    )


def walks(
    middleware: tuple[str, ...],
    settings: list[dict[str, Any]],
    asks: list[tuple[Ask, ...]],
    pages: list[Page],
    rows: Rows = NO_ROWS,
) -> st.SearchStrategy[Walk]:
    """Every combination of these."""
    return st.builds(
        Walk,
        st.just(middleware),
        st.sampled_from([tuple(each.items()) for each in settings]),
        st.sampled_from(asks),
        st.sampled_from(pages),
        st.booleans(),
        rows=st.just(rows),
    )


def register(entry: str, examples: st.SearchStrategy[Walk], prepare: Any = walk) -> None:
    """An entry that walks through middleware."""
    register_experiment(entry, examples, prepare, source, surroundings=surroundings)

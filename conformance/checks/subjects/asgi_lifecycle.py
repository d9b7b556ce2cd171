"""A request's life under the ASGI handler: signals, exceptions, connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.journal import Journal
from conformance.checks.protocols import Request, ask_asgi, ask_wsgi
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT, Site
from conformance.checks.stage import Stage
from conformance.checks.subjects.asgi import Exchange, handlers, source, whole
from conformance.strategies import NUMBERED_POSTS


def finished() -> Any:
    """What a view that does its work answers."""
    from django.http import HttpResponse

    return HttpResponse("done", headers={"X-Done": "yes"})


def _raising(name: str) -> None:
    """Raise the exception of that name; nothing for an empty one."""
    from django.core import exceptions
    from django.http import Http404
    from django.http.multipartparser import MultiPartParserError

    known: dict[str, type[Exception]] = {
        "Http404": Http404,
        "MultiPartParserError": MultiPartParserError,
        "ValueError": ValueError,
        "KeyError": KeyError,
    }
    if name:
        raise known.get(name, getattr(exceptions, name, ValueError))(f"of the kind {name}")


def _plain(_: Any) -> Any:
    VISIT.journal.sync("view")
    _raising(VISIT.example.how)
    return finished()


async def _aplain(_: Any) -> Any:
    _raising(VISIT.example.how)
    return finished()


def _nothing(_: Any) -> Any:
    return None


async def _anothing(_: Any) -> Any:
    return None


def _count(number: str) -> str:
    from django.db import connections

    from sample_app.models import Post

    found = Post.objects.filter(views__gte=number).count()
    VISIT.example.used.append(connections["default"])
    return str(found)


def _counting(request: Any) -> Any:
    from django.http import HttpResponse

    VISIT.journal.sync("view")
    return HttpResponse(_count(request.GET["least"]))


async def _acounting(request: Any) -> Any:
    from asgiref.sync import sync_to_async
    from django.http import HttpResponse

    return HttpResponse(await sync_to_async(_count)(request.GET["least"]))


SITE = Site(
    plain=_plain,
    aplain=_aplain,
    nothing=_nothing,
    anothing=_anothing,
    counting=_counting,
    acounting=_acounting,
)


@contextmanager
def surroundings(_: Any) -> Iterator[None]:
    """The site, without middleware."""
    from django.test import override_settings

    with override_settings(ROOT_URLCONF=SITE.urlconf, MIDDLEWARE=[], ALLOWED_HOSTS=["*"]):
        yield


@contextmanager
def listening(journal: Journal) -> Iterator[None]:
    """Receivers of both kinds for the signals of a request."""
    from django.core.signals import request_finished, request_started
    from django.dispatch import Signal

    def receiver(name: str) -> Any:
        def receive(sender: Any, **given: Any) -> None:
            journal.sync(name, issubclass(sender, object), sorted({"environ": "scope"}.get(key, key) for key in given))

        return receive

    def areceiver(name: str) -> Any:
        async def receive(sender: Any, **_: Any) -> None:
            journal.coroutine(f"{name}, asynchronously", sender.__name__.endswith("Handler"))

        return receive

    with ExitStack() as stack:
        for name, signal in (("started", request_started), ("finished", request_finished)):
            receivers = [receiver(name), *([areceiver(name)] if hasattr(Signal, "asend") else [])]
            for each in receivers:
                signal.connect(each, weak=False)
                stack.callback(signal.disconnect, each)
        yield


def _asked(stage: Stage, example: Exchange) -> Sides:
    """Both handlers, with receivers."""
    wsgi, asgi = handlers()
    journal = Journal(stage.recorder, threads=())

    @contextmanager
    def noting() -> Iterator[None]:
        with VISIT.to(example, journal), listening(journal), ExitStack() as stack:
            for name in ("django.request", "django.security.SuspiciousOperation", "django.security.RequestDataTooBig"):
                stack.enter_context(journal.logging(name))
            yield

    def sync() -> Any:
        with noting():
            return whole(ask_wsgi(wsgi, example.request))

    async def asynchronous() -> Any:
        with noting():
            return whole(await ask_asgi(asgi, example.request))

    return Sides(sync, asynchronous, held=(journal.state,))


def _register(entry: str, examples: st.SearchStrategy[Any], prepare: Any = _asked, printed: Any = source) -> None:
    register_experiment(entry, examples, prepare, printed, surroundings=surroundings)


_EXCEPTIONS = [
    "Http404",
    "PermissionDenied",
    "BadRequest",
    "SuspiciousOperation",
    "RequestDataTooBig",
    "MultiPartParserError",
    "ValueError",
    "KeyError",
]
_VIEWS = st.sampled_from(["/plain/", "/aplain/"])
_register("http.exceptions", st.builds(Exchange, st.builds(Request, _VIEWS), st.sampled_from(["", *_EXCEPTIONS])))
_register(
    "http.signals",
    st.builds(
        Exchange,
        st.builds(Request, st.sampled_from(["/plain/", "/aplain/", "/nowhere/"]), st.sampled_from(["GET", "HEAD"])),
        st.sampled_from(["", "", "ValueError", "Http404"]),
    ),
)
_register(
    "http.no_response",
    st.builds(Exchange, st.builds(Request, st.sampled_from(["/nothing/", "/anothing/", "/plain/"])), st.just("")),
)


class _Used:
    """The connections that a request's view used."""

    def __init__(self) -> None:
        self.used: list[Any] = []

    def closed(self) -> list[bool]:
        """Which of them are closed now."""
        return [connection.connection is None for connection in self.used]


def _connected(stage: Stage, example: Exchange) -> Sides:
    """A request has a thread, and so a connection, of its own under ASGI: it must be closed with the request."""
    wsgi, asgi = handlers()
    journal = Journal(stage.recorder, threads=())

    def sync() -> Any:
        with VISIT.to(_Used(), journal):
            return ask_wsgi(wsgi, example.request).body, [True]

    async def asynchronous() -> Any:
        used = _Used()
        with VISIT.to(used, journal):
            answer = await ask_asgi(asgi, example.request)
            return answer.body, used.closed()

    return Sides(sync, asynchronous, held=(journal.state,))


_register(
    "http.connections",
    st.builds(
        lambda path, least: Exchange(Request(path, query=f"least={least}"), rows=NUMBERED_POSTS),
        st.sampled_from(["/counting/", "/acounting/"]),
        st.integers(0, 5),
    ),
    _connected,
)

"""Clients that go before they have an answer, and requests that are served at one time."""

from __future__ import annotations

import asyncio
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.journal import Journal
from conformance.checks.outcomes import Absent
from conformance.checks.protocols import AsgiClient, Request, ask_asgi, scope_of
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT, Site
from conformance.checks.stage import Stage
from conformance.checks.subjects.asgi import Exchange, handlers, source
from conformance.checks.subjects.asgi_lifecycle import finished, listening
from conformance.strategies import NO_ROWS, Rows

# Seconds after which what waits for another request gives up. Never waited for where all is well.
PATIENCE = 5.0


async def _awaiting(_: Any) -> Any:
    """Wait for what never comes."""
    VISIT.journal.coroutine("view began")
    VISIT.example.began.set()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        VISIT.journal.coroutine("view cancelled")
        raise
    finally:
        if VISIT.example.plan.how == "cleans up":
            await asyncio.sleep(0)
        VISIT.journal.coroutine("view left")
    return finished()


def _meeting(request: Any) -> Any:
    """Wait until the other request is here as well, and say what is seen of the own one."""
    VISIT.example.set_up(request)
    VISIT.example.barrier.wait(PATIENCE)
    return VISIT.example.seen(request)


async def _ameeting(request: Any) -> Any:
    VISIT.example.set_up(request)
    await VISIT.example.meet()
    return VISIT.example.seen(request)


def _plain(_: Any) -> Any:
    VISIT.journal.sync("view")
    return finished()


async def _aplain(_: Any) -> Any:
    VISIT.journal.coroutine("view")
    return finished()


SITE = Site(awaiting=_awaiting, meeting=_meeting, ameeting=_ameeting, plain=_plain, aplain=_aplain)


def surroundings(_: Any) -> AbstractContextManager[object]:
    """The site, without middleware."""
    from django.test import override_settings

    return override_settings(ROOT_URLCONF=SITE.urlconf, MIDDLEWARE=[], ALLOWED_HOSTS=["*"])


def _register(entry: str, examples: st.SearchStrategy[Any], prepare: Any, printed: Any) -> None:
    register_experiment(entry, examples, prepare, printed, surroundings=surroundings)


@dataclass(frozen=True)
class Leaving:
    """A request whose client goes: after so many parts of the body, or while the view waits (`after` is None)."""

    plan: Exchange
    after: int | None = None
    rows: Rows = NO_ROWS


class _Gone:
    """What the view of a request whose client goes needs."""

    def __init__(self, plan: Exchange) -> None:
        self.plan, self.how = plan, plan.how
        self.began = asyncio.Event()


class _LeavingClient(AsgiClient):
    """Goes after so many parts of the body, or when it is told to."""

    def __init__(self, example: Leaving) -> None:
        super().__init__(example.plan.request)
        self._left = example.after

    async def receive(self) -> dict[str, Any]:
        if self._left == 0:
            self.gone.set()
        if self._left is not None:
            self._left -= 1
        return await super().receive()


def _left(stage: Stage, example: Leaving) -> Sides:
    """What is noted, and what is sent to a client that is gone."""
    _, asgi = handlers()
    if example.after is None and not hasattr(asgi, "listen_for_disconnect"):
        raise Absent("The ASGI handler does not listen for a disconnect while a view runs")
    journal = Journal(stage.recorder, threads=())
    expected = _notes_of(example)

    async def asynchronous() -> Any:
        gone = _Gone(example.plan)
        with VISIT.to(gone, journal), listening(journal):
            client = _LeavingClient(example)
            serving = asyncio.ensure_future(asgi(scope_of(example.plan.request), client.receive, client.send))
            if example.after is None:
                await asyncio.wait_for(gone.began.wait(), PATIENCE)
                client.gone.set()
            await asyncio.wait_for(serving, PATIENCE)
            return sorted(journal.events()), client.answer.messages

    return Sides(lambda: (sorted(expected), []), asynchronous, model=((sorted(expected), []),))


def _notes_of(example: Leaving) -> list[str]:
    """By the documentation: a view that waits is cancelled, and the request is finished."""
    from django.dispatch import Signal

    if example.after is not None:
        return []
    more = [", asynchronously"] if hasattr(Signal, "asend") else []
    signals = [f"{name}{kind}" for name in ("started", "finished") for kind in ("", *more)]
    return [*signals, "view began", "view cancelled", "view left"]


def _left_source(example: Leaving) -> tuple[str, str]:
    when = "while the view waits" if example.after is None else f"after {example.after} parts of the body"
    return source(example.plan)[0], f"the client disconnects {when}"


_register(
    "http.disconnect.body",
    st.builds(
        Leaving,
        st.builds(
            lambda path, chunks: Exchange(Request(path, "POST", body=b"some body", chunks=chunks), ""),
            st.sampled_from(["/plain/", "/aplain/"]),
            st.sampled_from([(1,), (0, 3), (2, 2, 2)]),
        ),
        st.sampled_from([0, 1]),
    ),
    _left,
    _left_source,
)
_register(
    "http.disconnect.view",
    st.builds(
        Leaving,
        st.builds(
            lambda method, how: Exchange(Request("/awaiting/", method), how),
            st.sampled_from(["GET", "POST"]),
            st.sampled_from(["", "cleans up"]),
        ),
    ),
    _left,
    _left_source,
)


@dataclass(frozen=True)
class Meeting:
    """Two requests that are in their views at one time."""

    paths: tuple[str, str]
    prefixes: tuple[str, str]
    languages: tuple[str, str]
    rows: Rows = NO_ROWS

    def requests(self) -> list[Request]:
        """Both."""
        pairs = zip(self.paths, self.prefixes, self.languages, strict=True)
        return [Request(path, query=f"to={language}", root_path=prefix) for path, prefix, language in pairs]


class _MeetingPlace:
    """Where both wait for each other: asynchronous views for the loop, synchronous ones on their threads."""

    def __init__(self) -> None:
        self.barrier = threading.Barrier(2)
        self._here = 0
        self._both = asyncio.Event()

    async def meet(self) -> None:
        self._here += 1
        if self._here == 2:
            self._both.set()
        await asyncio.wait_for(self._both.wait(), PATIENCE)

    @staticmethod
    def set_up(request: Any) -> None:
        from django.utils import timezone, translation

        translation.activate(request.GET["to"])
        timezone.activate(_zone(request.path))

    @staticmethod
    def seen(request: Any) -> Any:
        from django.http import HttpResponse
        from django.urls import get_script_prefix, reverse
        from django.utils import timezone, translation

        own = translation.get_language(), timezone.get_current_timezone_name(), get_script_prefix(), reverse("meeting")
        return HttpResponse(repr((request.get_full_path(), own)))


def _zone(request_path: str) -> timezone:
    return timezone(timedelta(hours=len(request_path)))


def _expected(request: Request, language: str) -> str:
    prefix = f"{request.root_path}/"
    full = f"{request.root_path}{request.path}?{request.query}"
    zone = str(_zone(request.root_path + request.path))
    return repr((full, (language, zone, prefix, f"{prefix}meeting/")))


def _read_once(example: Meeting) -> None:
    """Django reads a language's texts, and the default time zone, from disk when it first needs them."""
    from django.utils import timezone, translation

    timezone.get_default_timezone()
    for language in example.languages:
        with translation.override(language):
            translation.gettext("Yes")


def _met(_stage: Stage, example: Meeting) -> Sides:
    """Each sees what it has set up itself."""
    _, asgi = handlers()
    _read_once(example)
    expected = [_expected(*each) for each in zip(example.requests(), example.languages, strict=True)]

    async def asynchronous() -> Any:
        with VISIT.to(_MeetingPlace()):
            answers = await asyncio.gather(*(ask_asgi(asgi, each) for each in example.requests()))
            return [answer.body.decode() for answer in answers]

    return Sides(lambda: expected, asynchronous, model=(expected,))


def _met_source(example: Meeting) -> tuple[str, str]:
    both = [f"GET {each.root_path}{each.path}?{each.query}" for each in example.requests()]
    return both[0], f"at the same time: {both[1]}"


_TWO = st.sampled_from([("/ameeting/", "/ameeting/"), ("/meeting/", "/meeting/")])
_register(
    "http.concurrent",
    st.builds(
        Meeting,
        _TWO,
        st.sampled_from([("", "/app"), ("/one", "/two"), ("/app", "")]),
        st.sampled_from([("de", "fr"), ("fr", "de"), ("es", "es")]),
    ),
    _met,
    _met_source,
)

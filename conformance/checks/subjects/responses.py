"""Responses that are streamed, from iterators of both kinds and from files."""

from __future__ import annotations

import asyncio
import os
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.journal import Journal
from conformance.checks.outcomes import Absent
from conformance.checks.protocols import Request, ask_asgi, ask_wsgi, breach
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT, Site
from conformance.checks.stage import Stage
from conformance.checks.subjects.responses_compressed import same_lengths, unpacked
from conformance.strategies import NO_ROWS, Rows

# Seconds after which what must end has not. Never waited for where all is well.
PATIENCE = 5.0
_PATH = Path(tempfile.gettempdir()) / f"conformance_{os.getpid()}.txt"


@dataclass(frozen=True)
class Streamed:
    """Parts of a body, from an iterator of some kind (`sync`, `async`, `generator class`, `file`, `bytes`).

    It raises an `error` after so many parts, or does not (`breaks` is None). `wrapped` says that the view maps over the
    stream again. `leaves` is how many parts a client takes before it goes; None for all. Before part `waits` the stream
    waits for what never comes.
    """

    parts: tuple[bytes, ...]
    kind: str
    breaks: int | None = None
    wrapped: bool = False
    leaves: int | None = None
    waits: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    error: type[Exception] = ValueError
    rows: Rows = NO_ROWS


def _stream(example: Streamed) -> Iterator[bytes]:
    journal = VISIT.journal
    try:
        for number, part in enumerate(example.parts):
            if number == example.breaks:
                raise example.error(f"before part {number}")
            yield part
        journal.step("read to the end", coroutine=True)
    finally:
        journal.step("closed", coroutine=True)


async def _astream(example: Streamed) -> AsyncIterator[bytes]:
    # A stream that nobody closes ends when the example is over.
    journal = VISIT.journal
    try:
        for number, part in enumerate(example.parts):
            if number == example.breaks:
                raise example.error(f"before part {number}")
            await (asyncio.Event().wait() if number == example.waits else asyncio.sleep(0))
            yield part
        journal.step("read to the end", coroutine=True)
    except asyncio.CancelledError:
        journal.step("cancelled", coroutine=True)
        raise
    finally:
        journal.step("closed", coroutine=True)


async def _upper(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for part in stream:
        yield part.upper()


def _streaming(example: Streamed, *, asynchronous: bool) -> Any:
    from django.http import StreamingHttpResponse

    content: Any = _astream(example) if asynchronous else _stream(example)
    response = StreamingHttpResponse(content, headers=dict(example.headers))
    if example.wrapped:
        stream: Any = response.streaming_content
        response.streaming_content = _upper(stream) if asynchronous else (part.upper() for part in stream)
    return response


def _file(example: Streamed) -> Any:
    """A response of a file that is open; whoever serves it closes it."""
    from django.http import FileResponse

    content: Any = BytesIO(b"".join(example.parts)) if example.kind == "bytes" else _PATH.open("rb")
    VISIT.opened.append(content)
    return FileResponse(content, **dict(example.options))


def _view(_: Any) -> Any:
    return _streaming(VISIT.example, asynchronous=False)


async def _asyncview(_: Any) -> Any:
    """On the WSGI side there is a synchronous iterator in its place, as the documentation asks."""
    return _streaming(VISIT.example, asynchronous=VISIT.example.kind == "async")


def _fileview(_: Any) -> Any:
    return _file(VISIT.example)


SITE = Site(view=_view, aview=_asyncview, file=_fileview)


@contextmanager
def surroundings(example: Streamed) -> Iterator[None]:
    """The site; with compression, if the client takes it."""
    from django.test import override_settings

    compressed = ["django.middleware.gzip.GZipMiddleware"] if example.headers else []
    with override_settings(ROOT_URLCONF=SITE.urlconf, MIDDLEWARE=compressed, ALLOWED_HOSTS=["*"]), same_lengths():
        yield
    _PATH.unlink(missing_ok=True)


def handlers() -> tuple[Any, Any]:
    """The WSGI handler and the ASGI handler of the project."""
    from django.core.handlers.asgi import ASGIHandler
    from django.core.handlers.wsgi import WSGIHandler

    return WSGIHandler(), ASGIHandler()


def _plain(answer: Any) -> Any:
    """The answer; compressed, its content."""
    shown = breach(answer.messages) if answer.messages else ""
    if shown:
        return shown
    plain = answer.plain()
    if ("content-encoding", "gzip") in plain["headers"]:
        plain |= unpacked(answer.body)
    return plain


def request_for(example: Streamed, path: str) -> Request:
    """A request for a page whose response is the example's."""
    return Request(path, headers=(("Accept-Encoding", "gzip"),) if example.headers else ())


def served(stage: Stage, example: Streamed, came: list[bytes] | None = None) -> Sides:
    """To the end, by both handlers. The parts that come from the asynchronous one are put into the list."""
    needs_async_iterators(example)
    wsgi, asgi = handlers()
    journal = Journal(stage.recorder, threads=())
    path = "/file/" if example.kind in ("file", "bytes") else "/aview/"
    opened: list[Any] = []
    VISIT.opened = opened
    if example.kind == "file":
        _PATH.write_bytes(b"".join(example.parts))

    def sync() -> Any:
        with VISIT.to(example, journal):
            answer = ask_wsgi(wsgi, request_for(example, "/view/" if path == "/aview/" else path))
        return _plain(answer), [each.closed for each in opened]

    async def asynchronous() -> Any:
        with VISIT.to(example, journal):
            answer = await ask_asgi(asgi, request_for(example, path))
        if came is not None:
            came[:] = answer.parts
        return _plain(answer), [each.closed for each in opened]

    return Sides(sync, asynchronous, held=(journal.state,))


def _served_and_warned(stage: Stage, example: Streamed) -> Sides:
    """The same; from Django 4.2 on it warns of an iterator of the wrong kind, as the documentation has it."""
    from django.http import StreamingHttpResponse

    sides = served(stage, example)
    warned = ["StreamingHttpResponse"] if hasattr(StreamingHttpResponse, "__aiter__") else []

    async def asynchronous() -> Any:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            answer = await sides.asynchronous()
        return answer, [str(each.message).partition(" ")[0] for each in caught if each.category is Warning]

    return replace(sides, sync=lambda: (sides.sync(), warned), asynchronous=asynchronous)


def needs_async_iterators(example: Streamed) -> None:
    """Raises `Absent` where a response takes no asynchronous iterator."""
    from django.http import StreamingHttpResponse

    if example.kind == "async" and not hasattr(StreamingHttpResponse, "__aiter__"):
        raise Absent("StreamingHttpResponse takes no asynchronous iterator")


def _by_client(stage: Stage, example: Streamed) -> Sides:
    """Through the test clients: the parts one by one, and the response is closed after the last."""
    from django.core.signals import request_finished
    from django.test import AsyncClient, Client

    needs_async_iterators(example)
    journal = Journal(stage.recorder)

    @contextmanager
    def listening() -> Iterator[None]:
        def finished(**_: Any) -> None:
            journal.step("request finished", coroutine=True)

        request_finished.connect(finished)
        with VISIT.to(example, journal):
            yield
        request_finished.disconnect(finished)

    def sync() -> Any:
        with listening():
            response = Client().get("/view/")
            return response.streaming, list(response)

    async def asynchronous() -> Any:
        with listening():
            response: Any = await AsyncClient().get("/aview/")
            return response.streaming, [part async for part in response]

    return Sides(sync, asynchronous, held=(journal.state,))


def source_of(example: Streamed) -> tuple[str, str]:
    """Both sides in words that a reader of Django knows."""
    define = "async def" if example.kind == "async" else "def"
    lines = [f"{define} parts():  # given as: {example.kind}"]
    for number, part in enumerate(example.parts):
        lines += [f"    raise {example.error.__name__}"] if number == example.breaks else []
        lines.append(f"    yield {part!r}")
    if example.leaves is not None:
        lines.append(f"# the client disconnects after {example.leaves} parts")
    lines.append(f"StreamingHttpResponse(parts(), headers={dict(example.headers)})  # {dict(example.options)}")
    return "\n".join(lines), "# the same, by the ASGI handler"


_BYTES = (b"one", b"two two", b"", b"end\n" * 100)
PARTS = st.lists(st.sampled_from(_BYTES), min_size=1, max_size=4).map(tuple)
_BOOLEAN = st.booleans()
for _entry, _prepare, _examples in (
    ("streaming.sync_iterator", _served_and_warned, st.builds(Streamed, PARTS, st.just("sync"), wrapped=_BOOLEAN)),
    ("streaming.async_iterator", served, st.builds(Streamed, PARTS, st.just("async"), wrapped=_BOOLEAN)),
    ("streaming.client", _by_client, st.builds(Streamed, PARTS, st.just("async"), wrapped=_BOOLEAN)),
    (
        "file",
        served,
        st.builds(
            Streamed,
            st.sampled_from([(b"",), (b"some text",), (b"x" * 70_000,)]),
            st.sampled_from(["file", "bytes"]),
            options=st.sampled_from(
                [
                    (),
                    (("as_attachment", True), ("filename", "é.txt")),
                    (("filename", "data.json"),),
                    (("content_type", "text/x-mine"), ("as_attachment", True)),
                ]
            ),
        ),
    ),
):
    register_experiment(f"responses.{_entry}", _examples, _prepare, source_of, surroundings=surroundings)

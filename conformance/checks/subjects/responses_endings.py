"""Streams that end early: the client goes, or the iterator breaks."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.journal import Journal
from conformance.checks.outcomes import Absent
from conformance.checks.protocols import AsgiClient, ask_asgi, ask_wsgi, scope_of
from conformance.checks.registry import register_experiment
from conformance.checks.sites import VISIT
from conformance.checks.stage import Stage
from conformance.checks.subjects.responses import (
    PARTS,
    PATIENCE,
    Streamed,
    handlers,
    needs_async_iterators,
    request_for,
    source_of,
    surroundings,
)


class _Leaving(AsgiClient):
    """Takes so many parts, and goes: while the last is sent, or once the stream waits for the next."""

    def __init__(self, example: Streamed) -> None:
        super().__init__(request_for(example, "/aview/"))
        self._example = example

    async def send(self, message: dict[str, Any]) -> None:
        await super().send(message)
        if self._example.leaves is not None and len(self.answer.messages) > self._example.leaves:
            self.gone.set()
            if self._example.waits is None:
                # A network that has become slow: the application is told while it sends.
                await asyncio.Event().wait()


def _left(stage: Stage, example: Streamed) -> Sides:
    """A stream whose client goes: the iterator is closed, and not read to its end."""
    needs_async_iterators(example)
    _, asgi = handlers()
    if not hasattr(asgi, "listen_for_disconnect"):
        raise Absent("The ASGI handler does not listen for a disconnect while a response is sent")
    journal = Journal(stage.recorder, threads=())

    async def asynchronous() -> Any:
        request = request_for(example, "/aview/")
        client = _Leaving(example)
        with VISIT.to(example, journal), suppress(ValueError):
            await asyncio.wait_for(asgi(scope_of(request), client.receive, client.send), PATIENCE)
        return [step[0] for step in journal.state()[2]], client.answer.body.startswith(example.parts[0])

    expected = (["closed"] if example.waits is None else ["cancelled", "closed"], True)
    return Sides(lambda: expected, asynchronous, model=(expected,))


def _broken(stage: Stage, example: Streamed) -> Sides:
    """A stream that breaks: the server is told, and the iterator is closed."""
    needs_async_iterators(example)
    wsgi, asgi = handlers()
    journal = Journal(stage.recorder, threads=())

    def sync() -> Any:
        with VISIT.to(example, journal):
            return ask_wsgi(wsgi, request_for(example, "/view/")).body

    async def asynchronous() -> Any:
        with VISIT.to(example, journal):
            return (await ask_asgi(asgi, request_for(example, "/aview/"))).body

    return Sides(sync, asynchronous, held=(journal.state,))


for _entry, _prepare, _examples in (
    (
        "breaks",
        _broken,
        st.builds(Streamed, PARTS, st.just("async"), st.sampled_from([None, 0, 1])),
    ),
    (
        "type_error",
        _broken,
        st.builds(Streamed, PARTS, st.just("async"), st.just(0), error=st.just(TypeError)),
    ),
    (
        "disconnect",
        _left,
        st.builds(
            lambda parts: Streamed((*parts, b"never"), "async", leaves=len([*filter(None, parts)]), waits=len(parts)),
            PARTS.filter(lambda parts: parts[0]),
        ),
    ),
    (
        "disconnect.between",
        _left,
        st.builds(
            lambda parts, leaves: Streamed((b"first", *parts, *[b"more"] * 20), "async", leaves=leaves),
            PARTS,
            st.integers(1, 3),
        ),
    ),
):
    register_experiment(f"responses.streaming.{_entry}", _examples, _prepare, source_of, surroundings=surroundings)

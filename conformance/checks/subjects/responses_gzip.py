"""A stream that is compressed on its way by the ASGI handler."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from conformance.checks.experiments import Sides
from conformance.checks.registry import register_experiment
from conformance.checks.stage import Stage
from conformance.checks.subjects.responses import PARTS, Streamed, served, source_of, surroundings
from conformance.checks.subjects.responses_compressed import readable

_AT_ONCE, _LATER = "each part can be read when it comes", "parts come later than they were made"


def _told(example: Streamed, parts: list[bytes]) -> str:
    """A stream that is compressed is still one. (By WSGI none was before Django 6.1.)"""
    sent = [part.upper() if example.wrapped else part for part in example.parts if part]
    return _AT_ONCE if list(readable(parts)) == sent else _LATER


def _compressed(stage: Stage, example: Streamed) -> Sides:
    """What was made can be read before the next is made."""
    came: list[bytes] = []
    sides = served(stage, example, came)

    async def asynchronous() -> Any:
        return await sides.asynchronous(), _told(example, came)

    return replace(sides, sync=lambda: (sides.sync(), _AT_ONCE), asynchronous=asynchronous)


# What a compressed response may not keep as it is.
_HEADERS = ((("X-Mine", "1"),), (("ETag", '"strong"'), ("Content-Length", "5")))
register_experiment(
    "responses.streaming.gzip",
    st.builds(Streamed, PARTS, st.just("async"), headers=st.sampled_from(_HEADERS), wrapped=st.booleans()),
    _compressed,
    source_of,
    surroundings=surroundings,
)

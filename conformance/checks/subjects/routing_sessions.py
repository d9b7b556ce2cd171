"""Sessions under a router that writes them to another alias than the one from which they are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import strategies as st

from conformance.checks.registry import register_experiment
from conformance.checks.second_alias import second_alias
from conformance.checks.subjects.sessions import SessionCall, prepare, session_calls, source
from conformance.checks.subjects.sessions_engines import surroundings
from conformance.strategies.meanwhile import SECOND_ALIAS


class SessionRouter:
    """Writes sessions to the second alias; everything else is as it is without a router."""

    def db_for_write(self, model: Any, **_: Any) -> str | None:
        """Where a session is stored."""
        return SECOND_ALIAS if model.__name__ == "Session" else None


@contextmanager
def _routed(example: SessionCall) -> Iterator[None]:
    from django.test import override_settings

    with surroundings(example), second_alias(), override_settings(DATABASE_ROUTERS=[f"{__name__}.SessionRouter"]):
        yield


def _source(example: SessionCall) -> tuple[str, str]:
    sync, asynchronous = source(example)
    told = "# DATABASE_ROUTERS: sessions are written to another alias\n"
    return told + sync, told + asynchronous


register_experiment(
    "routing.sessions",
    st.one_of(
        [session_calls("db", name) for name in ("save", "create", "delete", "load", "exists", "flush", "cycle_key")]
    ),
    prepare,
    _source,
    surroundings=_routed,
)

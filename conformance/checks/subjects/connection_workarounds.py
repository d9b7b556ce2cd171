"""W4, W9 and W11: connections closed, opened, counted and configured, as printed and as the sample app does it."""

from __future__ import annotations

import asyncio
import copy
import importlib.util
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as st

from conformance.checks import workarounds
from conformance.checks.callers import in_a_request
from conformance.checks.outcomes import Absent, Refused, Silent, Wrong
from conformance.checks.registry import register
from conformance.checks.stage import Stage, Trace

T = TypeVar("T")
Call = Callable[[], Awaitable[Any]]
_REQUESTS = 2


@dataclass(frozen=True)
class Asking:
    """How many queries come before, and how many are gathered."""

    before: int
    gathered: int


ASKINGS = st.builds(Asking, before=st.integers(1, 12), gathered=st.integers(1, 12))
SIZES = st.integers(1, 1000)


async def _on_the_orms_thread(function: Callable[[], T]) -> T:
    from asgiref.sync import sync_to_async

    return await sync_to_async(function)()


def _is_open() -> bool:
    from django.db import connection

    return connection.connection is not None


def _age() -> None:
    """Open this thread's connection, past the age at which it is to be closed."""
    from django.db import connection

    connection.ensure_connection()
    connection.close_at = time.monotonic()


def _close() -> None:
    from django.db import connections

    connections.close_all()


async def _queries(stage: Stage, count: int) -> None:
    from sample_app.models import Tag

    counting = stage.adapter.asynchronous(stage.adapter.manager(Tag), "count")
    await asyncio.gather(*(counting() for _ in range(count)))


def _closes(close: Call) -> Callable[[Stage, Asking], None]:
    """The connection of the thread that the ORM's queries run on was old, and is closed."""

    def judge(stage: Stage, example: Asking) -> None:
        async def main() -> bool:
            await _queries(stage, example.before)
            await _on_the_orms_thread(_age)
            await close()
            return await _on_the_orms_thread(_is_open)

        trace = stage.trace_async(main)
        _refuse(trace)
        if trace.value:
            raise Silent(
                "The old connection of the ORM's thread is still open, and nothing was raised.",
                expected="closed",
                observed="open",
            )

    return judge


def _ensures(ensure: Call) -> Callable[[Stage, Asking], None]:
    """The ORM's thread is connected, and nobody else is."""

    def judge(stage: Stage, example: Asking) -> None:
        from django.db import connections
        from django.db.backends.signals import connection_created

        opened: list[Any] = []

        def created(connection: Any, **_: Any) -> None:
            opened.append(connection)

        async def main() -> bool:
            await _queries(stage, example.before)
            await _on_the_orms_thread(_close)
            connection_created.connect(created)
            try:
                await ensure()
            finally:
                connection_created.disconnect(created)
            return await _on_the_orms_thread(_is_open)

        trace = stage.trace_async(main)
        # What was opened for this thread, on whatever thread that was done.
        connections.close_all()
        _refuse(trace)
        if not trace.value or len(opened) != 1:
            raise Silent(
                "The ORM's thread is not connected, and nothing was raised.",
                expected="its thread connected, one connection opened",
                observed=f"connected: {trace.value}, opened: {len(opened)}",
            )

    return judge


def _refuse(trace: Trace) -> None:
    from django.core.exceptions import SynchronousOnlyOperation

    if isinstance(trace.error, (SynchronousOnlyOperation, TypeError)):
        raise Refused(f"{type(trace.error).__qualname__}: {trace.error}")
    if trace.error is not None:
        raise Wrong("It raised.", expected="no exception", observed=repr(trace.error), sql=trace.sql) from trace.error


def counts(count: Call) -> Callable[[Stage, Asking], None]:
    """What is said to have been asked is what was asked, whatever the thread, with DEBUG off."""

    def judge(stage: Stage, example: Asking) -> None:
        async def main() -> int:
            await count()  # what it has to begin with
            await _on_the_orms_thread(_close)
            await _queries(stage, example.before)
            before = await count()
            await _queries(stage, example.gathered)
            return int(await count() - before)

        trace = stage.trace_async(main)
        if trace.error is not None:
            raise trace.error
        # The last so many of them, each a count of tags; what asking for the health sends is not counted here.
        seen = sum("sample_app_tag" in statement.sql for statement in trace.statements) - example.before
        # By the instrument, and by what was asked for.
        expected = max(seen, example.gathered)
        if trace.value < expected:
            raise Silent(
                "Queries were sent that are not counted.", expected=expected, observed=trace.value, sql=trace.sql
            )

    return judge


def _accepted(options: Callable[[int], dict[str, Any]]) -> Callable[[Stage, int], None]:
    """A connection with these settings can be opened, and asked."""

    def judge(stage: Stage, example: int) -> None:
        settings = options(example)
        if "pool" in settings.get("OPTIONS", {}) and _lacks_pool():
            raise Absent("psycopg_pool is not installed")
        trace = stage.trace_async(lambda: _on_the_orms_thread(lambda: _connect_with(stage, settings)))
        if trace.error is not None:
            raise Refused(f"{type(trace.error).__qualname__}: {trace.error}")

    return judge


def _lacks_pool() -> bool:
    from django.db import connection

    return connection.vendor == "postgresql" and importlib.util.find_spec("psycopg_pool") is None


def _connect_with(stage: Stage, changes: dict[str, Any]) -> int:
    """Connect anew with the changed settings; the connection is closed, and its pool with it."""
    from django.db import connections

    connection = connections.create_connection(stage.alias)
    connection.settings_dict = copy.deepcopy(connection.settings_dict)
    connection.settings_dict["OPTIONS"].update(changes.get("OPTIONS", {}))
    connection.settings_dict.update({name: value for name, value in changes.items() if name != "OPTIONS"})
    # A pool is kept by alias: not that of the settings.
    connection.alias = "configured"
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM sample_app_tag")
            return int(cursor.fetchone()[0])
    finally:
        connection.close()
        if "pool" in connection.settings_dict["OPTIONS"] and hasattr(connection, "close_pool"):
            connection.close_pool()


def _left_open(age: int | None) -> Callable[[Stage, Asking], None]:
    """After some requests, each on its own thread, no connection is left open."""

    def judge(stage: Stage, example: Asking) -> None:
        from django.db import connections
        from django.db.backends.signals import connection_created

        opened: list[Any] = []

        def created(connection: Any, **_: Any) -> None:
            connection.close_at = None if age is None else time.monotonic() + age
            opened.append(connection)

        connections.close_all()
        before = stage.sessions()

        async def requests() -> None:
            for _ in range(_REQUESTS):
                await in_a_request(lambda: _queries(stage, example.gathered))

        connection_created.connect(created)
        try:
            trace = stage.trace_async(requests)
            left = stage.sessions_settled(before) - before
        finally:
            connection_created.disconnect(created)
            for connection in opened:
                connection.inc_thread_sharing()
                connection.close()
        if trace.error is not None:
            raise trace.error
        if left > 0:
            raise Wrong(
                "Connections are left open by requests that have ended, whose threads are gone.",
                expected=0,
                observed=left,
                sql=trace.sql,
            )

    return judge


W4: dict[str, tuple[Call, Call]] = {
    "workaround.w4.in_coroutine": (
        lambda: workarounds.printed.close_in_coroutine(),
        lambda: workarounds.printed.ensure_in_coroutine(),
    ),
    "workaround.w4.wrapped": (
        lambda: workarounds.printed.close_wrapped(),
        lambda: workarounds.printed.ensure_through_proxy(),
    ),
    "workaround.w4.sample_app": (
        lambda: workarounds.sample_app.close_old_connections(),
        lambda: workarounds.sample_app.ensure_connection(),
    ),
}
for _entry, (_close_call, _ensure_call) in W4.items():
    register(_entry, "closes", ASKINGS)(_closes(_close_call))
    register(_entry, "ensures", ASKINGS)(_ensures(_ensure_call))

register("workaround.w9.connection_queries", "counts", ASKINGS)(counts(lambda: workarounds.printed.query_count()))
register("workaround.w9.sample_app", "counts", ASKINGS)(counts(lambda: workarounds.sample_app.query_count()))

W11: dict[str, Callable[[int], dict[str, Any]]] = {
    "max_conns": lambda size: {"OPTIONS": {"MAX_CONNS": size, "MIN_CONNS": 1}},
    "server_side_binding": lambda _: {"OPTIONS": {"server_side_binding": True}},
    "health_checks": lambda age: {"CONN_HEALTH_CHECKS": True, "CONN_MAX_AGE": age},
    "pool": lambda size: {"OPTIONS": {"pool": {"min_size": 1, "max_size": size}}, "CONN_MAX_AGE": 0},
}
for _name, _options in W11.items():
    register(f"workaround.w11.{_name}", "accepted", SIZES)(_accepted(_options))
register("workaround.w11.conn_max_age_600", "left_open", ASKINGS, shrink=False)(_left_open(600))
register("workaround.w11.conn_max_age_0", "left_open", ASKINGS, shrink=False)(_left_open(0))

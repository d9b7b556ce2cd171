"""Defects that are not a wrapper around one operation."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from conformance.defects.workarounds import WORKAROUNDS


def guard_off() -> None:
    """Django's guard against blocking calls in a coroutine is switched off."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def guard_other() -> None:
    """Lazy access is refused with another exception than the documented one."""
    from django.utils import asyncio as guard

    guard.SynchronousOnlyOperation = RuntimeError  # type: ignore[attr-defined]


def async_atomic_without_transaction() -> None:
    """`async with atomic()` is accepted, and there is no transaction."""

    async def enter(self: Any) -> None: ...

    async def leave(self: Any, *_: object) -> None: ...

    _give_atomic(enter, leave)


def _give_atomic(enter: Callable[..., Any], leave: Callable[..., Any]) -> None:
    from django.db.transaction import Atomic

    Atomic.__aenter__ = enter  # type: ignore[attr-defined]
    Atomic.__aexit__ = leave  # type: ignore[attr-defined]


def async_atomic_swallows() -> None:
    """`async with atomic()` opens a transaction on the right thread, and swallows what is raised in it."""
    from asgiref.sync import sync_to_async
    from django.db.transaction import Atomic

    async def enter(self: Any) -> None:
        await sync_to_async(Atomic.__enter__)(self)

    async def leave(self: Any, *exc: Any) -> bool:
        await sync_to_async(Atomic.__exit__)(self, *exc)
        return True

    _give_atomic(enter, leave)


def async_atomic_right() -> None:
    """A correct `async with atomic()` for one task: the checks must accept it."""
    from asgiref.sync import sync_to_async
    from django.db.transaction import Atomic

    async def enter(self: Any) -> None:
        await sync_to_async(Atomic.__enter__)(self)

    async def leave(self: Any, *exc: Any) -> None:
        await sync_to_async(Atomic.__exit__)(self, *exc)

    _give_atomic(enter, leave)


def delete_gives_count() -> None:
    """`adelete` gives a plain number, as the source text has it."""
    from django.db.models import QuerySet

    real = QuerySet.adelete

    async def adelete(self: Any) -> int:
        total, _ = await real(self)
        return total

    QuerySet.adelete = adelete  # type: ignore[assignment,method-assign]


def exists_counts() -> None:
    """`aexists` counts all rows, as the source text has it."""
    from django.db.models import QuerySet

    async def aexists(self: Any) -> bool:
        count: int = await self.acount()
        return count > 0

    QuerySet.aexists = aexists  # type: ignore[method-assign]


def queries_concurrent() -> None:
    """Each asynchronous query runs on a thread of its own, so that gathered ones overlap."""
    from asgiref.sync import sync_to_async
    from django.db.models import QuerySet

    for name in ("get", "count", "exists", "first"):
        setattr(QuerySet, f"a{name}", sync_to_async(getattr(QuerySet, name), thread_sensitive=False))


def aread_right() -> None:
    """Requests have an `aread` that gives the body: the checks must accept it."""
    _give_requests(lambda request: request.read())


def aread_truncates() -> None:
    """Requests have an `aread` that loses the body's last byte."""
    _give_requests(lambda request: request.read()[:-1])


def _give_requests(read: Callable[[Any], bytes]) -> None:
    from django.http import HttpRequest

    async def aread(self: Any) -> bytes:
        return read(self)

    HttpRequest.aread = aread  # type: ignore[attr-defined]


def atomic_nothing() -> None:
    """`atomic` opens no transaction."""
    from django.db.transaction import Atomic

    def nothing(_: Any, *__: Any) -> None: ...

    Atomic.__enter__ = nothing  # type: ignore[method-assign]
    Atomic.__exit__ = nothing  # type: ignore[method-assign]


def atomic_always_rolls_back() -> None:
    """`atomic` rolls back also what went well, on every thread but the main one, which migrates; and says nothing."""
    from django.db.transaction import Atomic

    leave = Atomic.__exit__

    def roll_back(self: Any, *exc: Any) -> None:
        from django.db import transaction

        if exc[0] is None and threading.current_thread() is not threading.main_thread():
            transaction.set_rollback(True, using=self.using)
        leave(self, *exc)

    Atomic.__exit__ = roll_back  # type: ignore[method-assign]


def run_atomic_leaves_early() -> None:
    """`run_atomic` does not wait for the end of what was cancelled, and lets it commit."""
    from asgiref.sync import sync_to_async
    from django.db import transaction

    from sample_app.utils import async_transactions

    async def run_atomic(function: Any) -> Any:
        return await sync_to_async(transaction.atomic(function))()

    async_transactions.run_atomic = run_atomic  # type: ignore[assignment]


def async_atomic_shares_thread() -> None:
    """`async_atomic` runs on the thread that every task of the process shares."""
    from conformance.checks import workarounds
    from sample_app.utils import async_atomic

    async_atomic.async_atomic = workarounds.printed.atomic_block  # type: ignore[assignment]


def _printed_as_sample_app(printed: str, safe: str) -> Callable[[], None]:
    """What is printed is replaced by the sample app's: the checks must accept it."""

    def put_in() -> None:
        from conformance.checks import workarounds

        setattr(workarounds.printed, printed, getattr(workarounds.sample_app, safe))

    return put_in


def _printed_w4_as_sample_app() -> None:
    """All four calls of the printed connection managers are replaced by the sample app's."""
    for printed, safe in (
        ("close_in_coroutine", "close_old_connections"),
        ("close_wrapped", "close_old_connections"),
        ("ensure_in_coroutine", "ensure_connection"),
        ("ensure_through_proxy", "ensure_connection"),
    ):
        _printed_as_sample_app(printed, safe)()


_KEPT: list[Any] = []


def requests_keep_connections() -> None:
    """Nobody closes a connection when its request ends, and it outlives the request's thread."""
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections
    from django.db.backends.signals import connection_created

    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    connection_created.connect(lambda connection, **_: _KEPT.append(connection.connection), weak=False)
    _close_nothing()


def _close_nothing() -> None:
    from django.db.utils import ConnectionHandler

    def nothing(_: Any) -> None: ...

    ConnectionHandler.close_all = nothing  # type: ignore[assignment,method-assign]


SPECIAL: dict[str, Callable[[], None]] = {
    **WORKAROUNDS,
    "guard/off": guard_off,
    "guard/other-exception": guard_other,
    "atomic.async_with/no-transaction": async_atomic_without_transaction,
    "atomic.async_with/swallows": async_atomic_swallows,
    "atomic.async_with/right": async_atomic_right,
    "queryset.adelete/gives-count": delete_gives_count,
    "queryset.aexists/counts": exists_counts,
    "queryset/concurrent": queries_concurrent,
    "request.aread/right": aread_right,
    "request.aread/truncates": aread_truncates,
    "atomic/no-transaction": atomic_nothing,
    "atomic/always-rolls-back": atomic_always_rolls_back,
    "run_atomic/leaves-early": run_atomic_leaves_early,
    "async_atomic/shared-thread": async_atomic_shares_thread,
    "requests/keep-connections": requests_keep_connections,
    "printed.w2/sample_app": _printed_as_sample_app("atomic_function", "run_atomic"),
    "printed.w5.function/sample_app": _printed_as_sample_app("manager_function", "run_atomic"),
    "printed.w4/sample_app": _printed_w4_as_sample_app,
    "printed.w7/sample_app": _printed_as_sample_app("statistics", "statistics"),
    "printed.w9/sample_app": _printed_as_sample_app("query_count", "query_count"),
    "printed.w3/sample_app": _printed_as_sample_app("mixed_view", "view"),
    "printed.w8/sample_app": _printed_as_sample_app("overview", "overview"),
    "printed.w10/sample_app": _printed_as_sample_app("database", "database"),
    "printed.w5.block/sample_app": _printed_as_sample_app("atomic_block", "async_atomic"),
}

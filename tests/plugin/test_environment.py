"""Traps of the environment, each by the experiment that shows it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import SyncToAsync, ThreadSensitiveContext, sync_to_async
from django.db import connection

from pytest_async_orm.sandbox.environment import persistent_connections, replaced_executor, unsafe_async


def test_persistent_connections_are_named() -> None:
    """The warning names the aliases whose CONN_MAX_AGE is above 0 or unlimited, and the mend."""
    (text,) = persistent_connections(
        {"default": {"CONN_MAX_AGE": 600}, "other": {"CONN_MAX_AGE": None}, "third": {"CONN_MAX_AGE": 0}}
    )
    assert "'default', 'other'." in text
    assert "OPTIONS['pool']" in text
    assert persistent_connections({"default": {"CONN_MAX_AGE": 0}}) == []


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_each_request_leaves_a_persistent_connection() -> None:
    """The experiment: a context of a request's own leaves its connection open if it is persistent."""
    opened = []

    def use() -> None:
        connection.settings_dict = {**connection.settings_dict, "CONN_MAX_AGE": 600}
        connection.ensure_connection()
        connection.close_if_unusable_or_obsolete()
        opened.append(connection.connection)
        connection.close()

    async with ThreadSensitiveContext():
        await sync_to_async(use)()
    assert opened[0] is not None


def test_unsafe_async_is_named() -> None:
    """The variable that hides the sync ORM in coroutines is warned of, with the mend."""
    (text,) = unsafe_async({"DJANGO_ALLOW_ASYNC_UNSAFE": "1"})
    assert "sync_to_async()" in text
    assert unsafe_async({}) == []


def test_unsafe_async_hides_the_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    """The experiment: with the variable a coroutine calls the sync ORM unhindered."""
    from django.core.exceptions import SynchronousOnlyOperation
    from django.utils.asyncio import async_unsafe

    @async_unsafe
    def query() -> str:
        return "ran in the event loop"

    async def coroutine() -> str:
        return query()

    with pytest.raises(SynchronousOnlyOperation):
        asyncio.run(coroutine())
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    assert asyncio.run(coroutine()) == "ran in the event loop"


def test_replaced_executor_is_named() -> None:
    """An executor that is not asgiref's is warned of, with its size; asgiref's own is not."""
    (text,) = replaced_executor(ThreadPoolExecutor(4))
    assert "ThreadPoolExecutor of 4 threads" in text
    assert replaced_executor(SyncToAsync.single_thread_executor) == []


def test_replaced_executor_breaks_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    """The experiment: with two workers, thread-sensitive calls that overlap run on two threads."""
    both = threading.Barrier(2, timeout=5)

    def where() -> int:
        both.wait()
        return threading.get_ident()

    async def overlapping() -> set[int]:
        return set(await asyncio.gather(sync_to_async(where)(), sync_to_async(where)()))

    with ThreadPoolExecutor(2) as pool:
        monkeypatch.setattr(SyncToAsync, "single_thread_executor", pool)
        assert len(asyncio.run(overlapping())) == 2

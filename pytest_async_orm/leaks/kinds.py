"""Whether a connection that nobody closed is a leak, and of which kind."""

from __future__ import annotations

from typing import Any

from asgiref.sync import SyncToAsync

from pytest_async_orm.frames.workers import is_alive
from pytest_async_orm.leaks.opened_connection import OpenedConnection
from pytest_async_orm.patches.executors import takes_calls
from pytest_async_orm.records import Cause, LeakKind

# Workers of the loop's default executor and of anyio: a loop that ends with its test would live on in production.
_POOLS = ("asyncio_", "AnyIO worker thread")


def kind_of(entry: OpenedConnection) -> LeakKind | None:
    """The kind of a connection's leak; None if it is none, or not yet."""
    if not entry.was_never_closed or (entry.owned and not _spoils_its_thread(entry)) or _belongs_to_a_fixture(entry):
        return None
    if entry.in_transaction:
        return "in transaction"
    if entry.from_pool:
        return "pool slot not returned"
    if entry.task is not None:
        return "lingering" if _task_runs(entry) else "orphaned"
    if not entry.registered:
        return "orphaned" if entry.collected or not is_alive(entry.thread) else "lingering"
    return _kind_by_thread(entry)


def _spoils_its_thread(entry: OpenedConnection) -> bool:
    """A transaction that is left open on asgiref's thread is every later caller's; the main thread's is the test's."""
    return entry.executor is not None and entry.in_transaction


def _belongs_to_a_fixture(entry: OpenedConnection) -> bool:
    """Whether the thread ended in order after the databases were torn down: a fixture's, set up before them, which may
    have closed what the plugin had closed by then. The loop's own pool is nobody's fixture.
    """
    return entry.was_taken_away and not is_alive(entry.thread) and not entry.thread.name.startswith(_POOLS)


def _task_runs(entry: OpenedConnection) -> bool:
    task = entry.task() if entry.task is not None else None
    return task is not None and not task.done()


def _kind_by_thread(entry: OpenedConnection) -> LeakKind:
    if entry.thread.name.startswith(_POOLS):
        return "lingering"
    executor = living_executor(entry)
    if executor is not None:
        return "executor never shut down" if getattr(executor, "_async_orm_test", None) else "lingering"
    if entry.collected or entry.executor is not None or not is_alive(entry.thread):
        return "orphaned"
    return "lingering"


def cause_of(entry: OpenedConnection) -> Cause:
    """Why a connection was left open: what a remedy must fit, beside its kind."""
    if not entry.registered:
        return "own"
    if entry.task is not None:
        return "loop"
    if entry.by_client:
        return "client"
    return "pool" if _is_pools(entry) else "thread"


def _is_pools(entry: OpenedConnection) -> bool:
    return entry.in_pool or entry.executor is not None or entry.thread.name.startswith(_POOLS)


def living_executor(entry: OpenedConnection) -> Any:
    """The executor on whose thread a connection was opened, if it still takes work."""
    executor = entry.executor() if entry.executor is not None else None
    return executor if executor is not None and takes_calls(executor) else None


def belongs_to_session(entry: OpenedConnection) -> bool:
    """Whether a thread or an executor is a wider fixture's, which may yet close what a test opened on it."""
    executor = living_executor(entry)
    if executor is not None and executor is not SyncToAsync.single_thread_executor:
        # One without the mark is older than the first test of the database.
        return getattr(executor, "_async_orm_test", None) is None
    return entry.belongs_to_session and is_alive(entry.thread)

"""Whether a connection that nobody closed is a leak, and of which kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import SyncToAsync

from pytest_async_orm.frames.stacks import is_alive
from pytest_async_orm.leaks.opened_connection import OpenedConnection
from pytest_async_orm.patches.executors import takes_calls

if TYPE_CHECKING:
    from pytest_async_orm.records import Cause, LeakKind

# Workers of the loop's default executor and of anyio: a loop that ends with its test would live on in production.
_POOLS = ("asyncio_", "AnyIO worker thread")


def kind_of(opened: OpenedConnection) -> LeakKind | None:
    """The kind of a connection's leak; None if it is none, or not yet."""
    if (
        not opened.was_never_closed
        or (opened.owned and not _spoils_its_thread(opened))
        or _belongs_to_a_fixture(opened)
    ):
        return None
    if opened.in_transaction:
        return "in transaction"
    if opened.from_pool:
        return "pool slot not returned"
    if opened.task is not None:
        return "lingering" if _task_runs(opened) else "orphaned"
    if not opened.registered:
        return "orphaned" if opened.collected or not is_alive(opened.thread) else "lingering"
    return _kind_by_thread(opened)


def _spoils_its_thread(opened: OpenedConnection) -> bool:
    """A transaction that is left open on asgiref's thread is every later caller's; the main thread's is the test's."""
    return opened.executor is not None and opened.in_transaction


def _belongs_to_a_fixture(opened: OpenedConnection) -> bool:
    """Whether the plugin closed a connection whose thread ended later, as the thread of a fixture does that was set up
    before the databases: it may have closed the connection itself then. The loop's own pool is no fixture's.
    """
    return opened.was_taken_away and not is_alive(opened.thread) and not opened.thread.name.startswith(_POOLS)


def _task_runs(opened: OpenedConnection) -> bool:
    task = opened.task() if opened.task is not None else None
    return task is not None and not task.done()


def _kind_by_thread(opened: OpenedConnection) -> LeakKind:
    if opened.thread.name.startswith(_POOLS):
        return "lingering"
    executor = living_executor(opened)
    if executor is not None:
        return "executor never shut down" if getattr(executor, "_async_orm_test", None) else "lingering"
    if opened.collected or opened.executor is not None or not is_alive(opened.thread):
        return "orphaned"
    return "lingering"


def cause_of(opened: OpenedConnection) -> Cause:
    """Why a connection was left open: what a remedy must fit, beside its kind."""
    if not opened.registered:
        return "own"
    if opened.task is not None:
        return "loop"
    if opened.by_client:
        return "client"
    return "pool" if _is_pools(opened) else "thread"


def _is_pools(opened: OpenedConnection) -> bool:
    return opened.in_pool or opened.executor is not None or opened.thread.name.startswith(_POOLS)


def living_executor(opened: OpenedConnection) -> Any:
    """The executor on whose thread a connection was opened, if it still takes work."""
    executor = opened.executor() if opened.executor is not None else None
    return executor if executor is not None and takes_calls(executor) else None


def belongs_to_session(opened: OpenedConnection) -> bool:
    """Whether a thread or an executor is a wider fixture's, which may still close what a test opened on it."""
    executor = living_executor(opened)
    if executor is not None and executor is not SyncToAsync.single_thread_executor:
        # One without the mark is older than the first test of the database.
        return getattr(executor, "_async_orm_test", None) is None
    return opened.belongs_to_session and is_alive(opened.thread)

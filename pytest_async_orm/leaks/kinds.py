"""Whether a connection that nobody closed is a leak, and of which kind."""

from __future__ import annotations

from typing import Any

from pytest_async_orm.connections.entries import Entry
from pytest_async_orm.records import LeakKind

# Workers of the loop's default executor and of anyio: a loop that ends with its test would live on in production.
_POOLS = ("asyncio_", "AnyIO worker thread")


def kind_of(entry: Entry) -> LeakKind | None:
    """The kind of a connection's leak; None if it is none, or not yet."""
    if not entry.is_open or (entry.owned and not _spoils_its_thread(entry)) or _belongs_to_a_fixture(entry):
        return None
    if entry.in_transaction:
        return "in transaction"
    if entry.from_pool:
        return "pool slot not returned"
    if entry.task is not None:
        return "lingering" if _task_runs(entry) else "orphaned"
    if not entry.registered:
        return "orphaned" if entry.collected or not entry.thread.is_alive() else "lingering"
    return _kind_by_thread(entry)


def _spoils_its_thread(entry: Entry) -> bool:
    """A transaction that is left open on asgiref's thread is every later caller's; the main thread's is the test's."""
    return entry.executor is not None and entry.in_transaction


def _belongs_to_a_fixture(entry: Entry) -> bool:
    """Whether the thread ended in order after the databases were torn down: a fixture's, set up before them, which may
    have closed what the plugin had closed by then. The loop's own pool is nobody's fixture.
    """
    return entry.was_taken_away and not entry.thread.is_alive() and not entry.thread.name.startswith(_POOLS)


def _task_runs(entry: Entry) -> bool:
    task = entry.task() if entry.task is not None else None
    return task is not None and not task.done()


def _kind_by_thread(entry: Entry) -> LeakKind:
    if entry.thread.name.startswith(_POOLS):
        return "lingering"
    executor = living_executor(entry)
    if executor is not None:
        return "executor never shut down" if getattr(executor, "_async_orm_test", None) else "lingering"
    if entry.collected or entry.executor is not None or not entry.thread.is_alive():
        return "orphaned"
    return "lingering"


def living_executor(entry: Entry) -> Any:
    """The executor on whose thread a connection was opened, if it still takes work."""
    executor = entry.executor() if entry.executor is not None else None
    # Private in the standard library; seen in Python 3.10 to 3.13. asgiref's CurrentThreadExecutor has none.
    return executor if executor is not None and getattr(executor, "_shutdown", True) is False else None


def is_sessions(entry: Entry) -> bool:
    """Whether a thread or an executor is a wider fixture's, which may yet close what a test opened on it."""
    executor = living_executor(entry)
    if executor is not None and hasattr(executor, "_async_orm_test"):
        return executor._async_orm_test is None
    return entry.sessions and entry.thread.is_alive()

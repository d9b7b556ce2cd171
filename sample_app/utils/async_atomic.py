"""`async_atomic`: a transaction around a block that has to await something else in the middle.

Where one synchronous function can do the work, `run_atomic` is simpler and costs nothing.
"""

from __future__ import annotations

import contextvars
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import connections, transaction
from django.db.transaction import TransactionManagementError

from sample_app.utils.async_calls import finished


@asynccontextmanager
async def async_atomic(using: str | None = None) -> AsyncIterator[None]:
    """A transaction in which every ORM call of the block is, and of the tasks that the block starts and awaits.

    The block has a thread of its own, so no other task's statement gets into the transaction. It is rolled back when
    the body raises or is cancelled; `CancelledError` is raised after that, never before.

    What it costs: one thread and one connection for each block that is open at one time (bound them where many
    requests may come), connecting once for each block (a pool makes that cheap), and a cancelled block ends only when
    the statement that is under way does.

    In a pool, a request that has asked the database before has a connection and waits for a second: when as many wait
    as the pool has connections, none gets one. `await close_old_connections()` before the block gives the first back.

    Raises `TransactionManagementError`, with nothing sent, inside another transaction: a second connection would not
    see its rows, and could wait for its locks for ever. Raises `RuntimeError` before asgiref 3.13, where a block inside
    a request or under `async_to_sync` cannot get a thread of its own.
    """
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="async_atomic")
    try:
        context = _own_thread(executor)
        await _refuse_inside_another(using)
        block = transaction.atomic(using=using)
        entered = _submit(executor, _enter, block)
        try:
            await finished(entered)
            async with context:
                yield
        except BaseException as error:
            if entered.exception() is None:
                await finished(_submit(executor, _leave, block, error))
            raise
        await finished(_submit(executor, _leave, block, None))
    finally:
        executor.shutdown(wait=False)


def _own_thread(executor: ThreadPoolExecutor) -> ThreadSensitiveContext:
    """A context in which the ORM's thread is the executor's."""
    try:
        return ThreadSensitiveContext(executor=executor)
    except TypeError:
        message = "async_atomic needs asgiref 3.13 or newer, which gives a block its own thread: use run_atomic"
        raise RuntimeError(message) from None


async def _refuse_inside_another(using: str | None) -> None:
    """Ask on the thread on which the ORM runs outside of the block."""
    aliases = await sync_to_async(_aliases_in_a_transaction)()
    if aliases:
        raise TransactionManagementError(
            f"async_atomic({using or 'default'!r}) cannot begin inside a transaction of {', '.join(aliases)}: it has a "
            "connection of its own, which would not see that transaction's rows; use run_atomic"
        )


def _aliases_in_a_transaction() -> list[str]:
    return [connection.alias for connection in connections.all(initialized_only=True) if connection.in_atomic_block]


def _submit(executor: ThreadPoolExecutor, function: Callable[..., None], *args: Any) -> Future[None]:
    """Not through `sync_to_async`, which drops a call that is cancelled while it is queued: this one must happen."""
    return executor.submit(contextvars.copy_context().run, function, *args)


def _enter(block: transaction.Atomic) -> None:
    try:
        block.__enter__()
    except BaseException:
        connections.close_all()
        raise


def _leave(block: transaction.Atomic, error: BaseException | None) -> None:
    """The last call on this thread: its connections end with it."""
    try:
        if error is None:
            block.__exit__(None, None, None)
        else:
            block.__exit__(type(error), error, error.__traceback__)
    finally:
        connections.close_all()

"""What defects do with the ORM, on its thread and elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from typing import Any

_READS = ("SELECT", "EXPLAIN", "SAVEPOINT", "RELEASE", "BEGIN", "SET", "SHOW", "PRAGMA", "ROLLBACK", "COMMIT")


async def on_orm_thread(function: Callable[[], Any]) -> Any:
    """Call it on the thread for thread-sensitive code."""
    from asgiref.sync import sync_to_async

    return await sync_to_async(function)()


def query() -> None:
    """One more query."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def begin() -> None:
    """A transaction that nobody ends."""
    from django.db import connection

    connection.set_autocommit(False)


def unusable() -> None:
    """A connection that refuses every query, as one in a transaction that failed."""
    from django.db import connection

    connection.in_atomic_block = connection.needs_rollback = True


def write() -> None:
    """One more row, committed, where it is not there already."""
    from sample_app.models import Tag

    if not Tag.objects.filter(name="surplus").exists():
        Tag(name="surplus").save_base()


@asynccontextmanager
async def in_transaction(*, rolled_back: bool = False) -> AsyncIterator[None]:
    """A transaction on the ORM's thread around the block; if it is to be rolled back at its end, one of each alias."""
    from django.db import connections

    aliases = list(connections) if rolled_back else ["default"]
    stack = ExitStack()
    try:
        await on_orm_thread(partial(_enter, stack, aliases))
        yield
    except BaseException as error:
        # Also where it is cancelled on its way in: the thread goes in all the same.
        await on_orm_thread(partial(stack.__exit__, type(error), error, error.__traceback__))
        raise
    await on_orm_thread(partial(_leave, stack, aliases, rolled_back))


def _enter(stack: ExitStack, aliases: list[str]) -> None:
    from django.db import transaction

    for alias in aliases:
        stack.enter_context(transaction.atomic(alias))


def _leave(stack: ExitStack, aliases: list[str], rolled_back: bool) -> None:
    from django.db import transaction

    for alias in aliases if rolled_back else ():
        transaction.set_rollback(True, alias)
    stack.close()


@asynccontextmanager
async def reading(**instead: Any) -> AsyncIterator[None]:
    """Rows are read with these arguments of `SQLCompiler.execute_sql`, whatever was asked for."""
    from django.db.models.sql.compiler import SQLCompiler

    real = SQLCompiler.execute_sql

    def execute_sql(compiler: Any, *args: Any, **kwargs: Any) -> Any:
        return real(compiler, *args, **{**kwargs, **instead})

    SQLCompiler.execute_sql = execute_sql  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        SQLCompiler.execute_sql = real  # type: ignore[method-assign]


@asynccontextmanager
async def without_transactions() -> AsyncIterator[None]:
    """`atomic` opens no transaction inside the block."""
    from django.db.transaction import Atomic

    enter, leave = Atomic.__enter__, Atomic.__exit__

    def nothing(_: Any, *__: Any) -> None: ...

    Atomic.__enter__ = Atomic.__exit__ = nothing  # type: ignore[method-assign]
    try:
        yield
    finally:
        Atomic.__enter__, Atomic.__exit__ = enter, leave  # type: ignore[method-assign]


@asynccontextmanager
async def dropping_writes(*, first: bool) -> AsyncIterator[None]:
    """Of the statements that write, on any alias, the first is not sent, or all the others are not."""
    from django.db import connections

    seen: list[None] = []

    def execute(send: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if str(sql).lstrip().startswith(_READS):
            return send(sql, params, many, context)
        seen.append(None)
        return send(sql, params, many, context) if (len(seen) == 1) is not first else None

    def change(stack: ExitStack) -> None:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(execute))

    stack = ExitStack()
    await on_orm_thread(partial(change, stack))
    try:
        yield
    finally:
        await on_orm_thread(stack.close)

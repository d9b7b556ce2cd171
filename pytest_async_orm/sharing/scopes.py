"""A transaction that outlives tests: pytest-django's own becomes a savepoint in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connections, transaction

from pytest_async_orm.errors import UnsupportedConnection
from pytest_async_orm.messages import sandbox as messages
from pytest_async_orm.patches.atomics import testcase_atomic
from pytest_async_orm.sharing.real import prepare_connections
from pytest_async_orm.sharing.sandbox import Sandbox


@contextmanager
def scope_transaction(aliases: Sequence[str], name: str, timeout: float) -> Iterator[Sandbox]:
    """Open atomic blocks on the calling thread's real connections, give a sandbox over them, roll them back."""
    for alias in aliases:
        if not connections[alias].features.supports_transactions:
            raise UnsupportedConnection(messages.scope_outside_database(name, alias))
    prepare_connections()
    opened = []
    try:
        for alias in aliases:
            atomic = testcase_atomic(alias)
            atomic.__enter__()
            opened.append((alias, atomic))
        sandbox = Sandbox(name, timeout)
        sandbox.start([connections[alias] for alias in aliases])
        yield sandbox
    finally:
        for alias, atomic in reversed(opened):
            transaction.set_rollback(True, using=alias)
            atomic.__exit__(None, None, None)

"""The transaction utilities against a model: many tasks, with failures and cancellations at generated statements."""

from __future__ import annotations

import inspect
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import connection, transaction
from fates import fates
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from machine import Transactions

from sample_app.utils import async_atomic, async_transactions

EXAMPLES = int(os.environ.get("SAMPLE_APP_MACHINE_EXAMPLES", "15"))
HAS_BLOCKS = "executor" in inspect.signature(ThreadSensitiveContext).parameters


def explore(examples: int = EXAMPLES) -> None:
    Transactions.blocks = HAS_BLOCKS
    configured = settings(
        max_examples=examples,
        stateful_step_count=6,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    with fates():
        run_state_machine_as_test(Transactions, settings=configured)


@pytest.mark.usefixtures("transactional_db")
def test_tasks_leave_what_some_serial_order_leaves() -> None:
    """Posts are conserved and nothing is half-done, whatever fails or is cancelled, and wherever."""
    explore()


@contextmanager
def no_transaction(**_: Any) -> Iterator[None]:
    yield


async def leave_behind(function: Any, *args: Any, **kwargs: Any) -> Any:
    """The transaction goes on after its caller was told that it is cancelled, and commits."""
    return await sync_to_async(transaction.atomic(function))(*args, **kwargs)


@asynccontextmanager
async def on_the_shared_thread() -> AsyncIterator[None]:
    block = transaction.atomic()
    await sync_to_async(block.__enter__)()
    try:
        yield
    except BaseException as error:
        await sync_to_async(block.__exit__)(type(error), error, error.__traceback__)
        raise
    await sync_to_async(block.__exit__)(None, None, None)


PLANTED = {
    "no transaction": (async_transactions.transaction, "atomic", no_transaction),
    "left behind": (async_transactions, "run_atomic", leave_behind),
    "shared thread": (async_atomic, "async_atomic", on_the_shared_thread),
}


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.allow_connection_leaks(reason="the planted faults leave transactions open")
@pytest.mark.parametrize("name", PLANTED)
def test_the_model_notices_a_planted_fault(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A utility that is not atomic, one that outlives its caller and one whose block shares its thread are found."""
    if name == "shared thread" and not HAS_BLOCKS:
        pytest.skip("this asgiref has no blocks to plant a fault in")
    monkeypatch.setattr(*PLANTED[name])
    with pytest.raises(BaseException) as found:  # noqa: PT011 - one failure, or a group of several
        explore(60)
    assert "assert" in repr(found.value) or "Assertion" in repr(found.value)
    connection.close()

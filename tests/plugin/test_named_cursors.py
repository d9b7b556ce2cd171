"""Cursors that the server keeps, as `iterator()` opens them on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, connections

from pytest_async_orm.sharing.sandbox import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.async_orm_sandbox("off")]


def test_made_over_the_raw_connection(sandbox: Sandbox, shared_connection: Any) -> None:
    """A cursor with a name sends nothing past the turn: it is virtual, and its driver's connection is the raw one."""
    if connection.vendor != "postgresql":
        pytest.skip("no cursors of the server's")
    cursor = connections["default"].chunked_cursor()
    assert cursor.cursor._raw.connection is shared_connection.raw
    cursor.execute("SELECT generate_series(1, 5)")
    assert [row[0] for row in cursor.fetchmany(2)] == [1, 2]
    cursor.close()


PROGRAM = """
@pytest.mark.django_db
@pytest.mark.parametrize("number", range(10))
@pytest.mark.slow
async def test_many_at_once(number):
    await Tag.objects.abulk_create(Tag(name=f"{row}") for row in range(10))
    async def left_early():
        async for tag in Tag.objects.aiterator(chunk_size=1):
            await asyncio.sleep(0)
            break
    counts = [sync_to_async(Tag.objects.count, thread_sensitive=False)() for _ in range(3)]
    found = await asyncio.gather(*(left_early() for _ in range(5)), *counts)
    assert found[5:] == [10, 10, 10]
"""


def test_many_at_once(run) -> None:
    """Iterators that several tasks leave early never meet the statements of other threads."""
    run(PROGRAM, ini="async_orm_lock_timeout = 60").assert_outcomes(passed=10)
